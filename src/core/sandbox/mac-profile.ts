import { dirname, join } from 'node:path';
import { contains } from '../kernel/files/contains.ts';
import { stateFolders } from './cli-state.ts';
import { type Mount, readOnly, writable } from './guard/mount.ts';
import { type GuardPlaces, openForSession, protectedFolders, type SessionPlaces } from './guard-profile.ts';
import { CACHES } from './home.ts';

/** The parts of the shared folder to which commits write. */
const OPEN_IN_GIT = ['objects', 'refs', 'logs/refs', 'lfs', 'rr-cache', 'reftable'];

/**
 * The rules for sandbox-exec, which can only deny: everything is as it is, except for samocode's paths, the repository,
 * and home, where caches and the state of CLIs can be written. Not tried on a Mac.
 */
export function macProfile(places: GuardPlaces): Mount[] {
  const { session, commonDir, home, openings } = places;
  const isWide = (path: string) => protectedFolders(places).some((folder) => contains(path, folder));
  const wide = openings.write.filter(isWide);
  const inHome = [...CACHES.map((name) => join(home.dir, name)), ...stateFolders(home)];
  return [
    ...[readOnly(home.dir), ...inHome.map(writable)].filter(
      ({ path }) => !wide.some((folder) => contains(folder, path)),
    ),
    ...wide.map(writable),
    ...places.otherSessions.map(readOnly),
    readOnly(places.mainRepo),
    ...places.otherCheckouts.map(readOnly),
    readOnly(places.sessionsDir),
    readOnly(places.worktreesDir),
    readOnly(commonDir),
    // After the mounts that might contain it: the repository can be the home folder.
    { kind: 'hidden', path: places.configFolder },
    ...(session === undefined
      ? []
      : [...openForCommits(commonDir, session), ...openForSession(commonDir, session)]),
    ...openings.write.filter((path) => !isWide(path)).map(writable),
    readOnly(places.runRoot),
    ...places.programs.map(readOnly),
  ];
}

function openForCommits(commonDir: string, { gitDir, branch }: SessionPlaces): Mount[] {
  const heads = join(commonDir, 'refs/heads');
  const logs = join(commonDir, 'logs/refs/heads');
  const shared = [
    ...OPEN_IN_GIT.map((name) => writable(join(commonDir, name))),
    // git writes logs through links, so the logs of other branches and of the main checkout stay closed.
    readOnly(logs),
    writable(join(logs, dirname(branch))),
    readOnly(heads),
    readOnly(join(commonDir, 'refs/samocode')),
    // Replacement refs can show any commit or file as another, also to the user.
    readOnly(join(commonDir, 'refs/replace')),
    // A branch without a prefix shares the folder of all branches.
    writable(join(heads, dirname(branch))),
  ];
  return [
    ...shared.map((mount): Mount => ({ ...mount, ifThere: true })),
    writable(gitDir),
    // These files could redirect every git in the worktree, including the worker's, to another repository.
    readOnly(join(gitDir, 'commondir')),
    readOnly(join(gitDir, 'gitdir')),
  ];
}
