import { configFolder } from '../../kernel/config-folder.ts';
import { contains } from '../../kernel/files/contains.ts';
import { namesAt, realFolder } from '../../kernel/files/path-stats.ts';
import { findGuardTool, type Guard, type GuardTool, makeGuard } from './make-guard.ts';
import { type Mount, readOnly } from './mount.ts';

/** Made anew, or hidden for the sockets in them. */
const HIDDEN_FOLDERS = ['proc', 'dev', 'tmp', 'run'];
/** NixOS has its programs there. */
const SHOWN_IN_RUN = ['/run/current-system', '/run/booted-system', '/run/wrappers'];

/**
 * The guard in which a login shell is read: its start-up files run programs that others, or agents of earlier
 * versions, wrote into home. They can read, but neither write nor connect to anything, and samocode's own folder is
 * hidden.
 * @returns undefined without bubblewrap
 */
export function loginGuard(
  env: Readonly<Record<string, string | undefined>>,
  homeDir: string,
  tool: GuardTool | undefined = findGuardTool({ ...env, HOME: homeDir }),
): Guard | undefined {
  if (tool?.kind !== 'bwrap') return undefined;
  const home = realFolder(homeDir) ?? homeDir;
  const own = realFolder(configFolder(homeDir));
  const runtime = realFolder(env.XDG_RUNTIME_DIR);
  const shown = (namesAt('/') ?? [])
    .filter((name) => !HIDDEN_FOLDERS.includes(name))
    .map((name) => `/${name}`);
  const profile: Mount[] = [
    ...shown.map(readOnly),
    { kind: 'hidden', path: '/tmp' },
    { kind: 'hidden', path: '/run' },
    ...SHOWN_IN_RUN.map(readOnly),
    ...(runtime && !contains('/run', runtime) ? [{ kind: 'hidden' as const, path: runtime }] : []),
    ...(['/tmp', '/run'].some((folder) => contains(folder, home)) ? [readOnly(home)] : []),
    ...(own === undefined ? [] : [{ kind: 'empty' as const, path: own }]),
  ];
  const mounts = profile.map((mount) =>
    mount.kind === 'read_only' ? { ...mount, ifThere: true as const } : mount,
  );
  return makeGuard(tool, mounts, { isStrict: true });
}
