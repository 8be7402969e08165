import { dirname, join, sep } from 'node:path';
import { contains } from '../base/files/contains.ts';
import { realFolder, statsAt } from '../base/files/path-stats.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { nodeFolder } from '../providers/starting/node-path.ts';
import { byDepth, type GuardPlaces, openForSession, runFolderOf } from './guard-profile.ts';
import { CACHES, HOME_PROGRAMS, words } from './home-lists.ts';
import { foldersOfPath, prefixOf, stateFolders, steering } from './home-places.ts';
import type { GuardTool } from './make-guard.ts';
import { type Mount, readOnly, writable } from './mount.ts';
import { openedSockets } from './sockets.ts';

/** What one start of the strict sandbox gets. All paths are absolute. */
export interface StrictPart {
  /** Folders on disk for home and for temporary files; absent: both are in memory. */
  home?: string;
  tmp?: string;
  /** The folder of the sockets that lead out; absent: no network. */
  net?: string;
  /** The ports of this machine that the sockets lead to. */
  ports?: readonly number[];
  /** Caches that the sessions of a project share. */
  caches?: string;
  /** Agent CLIs that need their state, and their programs. */
  clis?: readonly { name: string; path?: string | undefined }[];
  /** Further paths, read-only and writable. */
  shown?: readonly string[];
  open?: readonly string[];
}

/** Where the sockets are inside the sandbox. */
export const NET = '/run/samocode';

/** The only system folders that exist inside. */
const SYSTEM = words(`/usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /opt /nix /gnu /var/lib/ca-certificates
  /var/cache/fontconfig /run/current-system /run/booted-system /run/opengl-driver /run/wrappers /sys/fs/cgroup
  /sys/devices/system`);

const GIT_SETTINGS = ['.gitconfig', '.config/git/config', '.config/git/ignore', '.config/git/attributes'];

/** The mounts of the strict sandbox: nothing else exists in it. */
export function strictProfile(places: GuardPlaces, part: StrictPart): Mount[] {
  const { home, session, openings, mainRepo, commonDir } = places;
  const { dir } = home;
  const own = (path: string, from: string | undefined): Mount =>
    from === undefined ? { kind: 'hidden', path } : { ...writable(path), from };
  const below = [...programsOf(places, part), ...GIT_SETTINGS.map((name) => join(dir, name))].map(readOnly);
  const ofSession = session?.git && [
    { kind: 'empty' as const, path: mainRepo },
    ...openForSession(commonDir, session),
    ...runFolderOf(places, session.git),
  ];
  return [
    ...SYSTEM.map(readOnly),
    ...['/tmp', '/var/tmp'].map((path) => own(path, part.tmp)),
    own(dir, part.home),
    ...[...below, ...cachesOf(dir, part.caches), ...statesOf(places, part)].sort(byDepth),
    ...(ofSession ?? [readOnly(mainRepo), readOnly(commonDir)]),
    ...(part.net === undefined ? [] : [{ ...readOnly(NET), from: part.net }]),
    ...[...places.programs, ...openings.read, ...(part.shown ?? [])].map(readOnly),
    ...openedSockets(places),
    ...[...openings.write, ...(part.open ?? [])].map(writable),
  ].map((mount) => (mount.kind === 'hidden' || mount.kind === 'empty' ? mount : { ...mount, ifThere: true }));
}

/** Why this repository can't be confined in this way. */
export function strictProblem({ mainRepo, home }: GuardPlaces, tool: GuardTool): string | undefined {
  if (tool.kind !== 'bwrap') return 'SANDBOX=strict needs bubblewrap, which exists only on Linux';
  if (home.dir === '/') return 'there is no home folder';
  return contains(mainRepo, home.dir) ? 'the repository contains your home folder' : undefined;
}

/** Programs below home and in PATH that are not in a system folder. */
function programsOf({ home }: GuardPlaces, { clis = [] }: StrictPart): string[] {
  const { dir } = home;
  const named = PROVIDERS.filter(({ name }) => clis.some((cli) => cli.name === name)).flatMap(
    ({ installFolders = [], starters = [] }) => [...installFolders, ...starters],
  );
  const folders = [
    ...[...HOME_PROGRAMS, ...named].map((name) => join(dir, name)),
    ...[...foldersOfPath(home), nodeFolder()].map((folder) => prefixOf(folder, dir)),
    // Include the file itself, because its folder might contain home.
    ...clis.flatMap(({ path }) => (path === undefined ? [] : [path, dirname(path), packageOf(path)])),
  ];
  const isNeeded = (path: string) =>
    !contains(path, dir) && path !== '/' && !SYSTEM.some((folder) => contains(folder, path));
  return [...new Set(folders)].filter((path) => isNeeded(path) && statsAt(path) !== undefined);
}

/** The folder of a program's package with its dependencies, or the program's own folder. */
function packageOf(path: string): string {
  const real = realFolder(path) ?? path;
  const [above, ...inside] = real.split(`${sep}node_modules${sep}`);
  return inside.length === 0 ? dirname(real) : join(above ?? '', 'node_modules');
}

function cachesOf(dir: string, caches: string | undefined): Mount[] {
  if (caches === undefined) return [];
  return cacheNames().map((name) => ({ ...writable(join(dir, name)), from: join(caches, name) }));
}

/** Caches below home that tools of a project share. */
export function cacheNames(): string[] {
  return [...new Set(Object.values(CACHES).flatMap(words))].filter(
    (name) => name !== '.local/state' && name !== '.cargo',
  );
}

/** A CLI renews its login by a rename, so its whole folder is writable, except programs and instructions. */
function statesOf({ home }: GuardPlaces, { clis = [] }: StrictPart): Mount[] {
  const names = clis.map(({ name }) => name);
  const open = stateFolders(home, names).map(({ folder }) => writable(folder));
  const isOpen = (path: string) => open.some((mount) => contains(mount.path, path));
  return [...open, ...steering(home).filter(isOpen).map(readOnly)];
}
