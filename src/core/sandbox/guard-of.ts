import { dirname, join } from 'node:path';
import { orNothing } from '../kernel/errors.ts';
import { contains } from '../kernel/files/contains.ts';
import { makeFolder } from '../kernel/files/make-folder.ts';
import { statsAt } from '../kernel/files/path-stats.ts';
import { stateFolders } from './cli-state.ts';
import {
  type Guard,
  type GuardTool,
  type Mount,
  makeGuard,
  readOnly,
  withMounts,
  writable,
} from './guard/make-guard.ts';
import { CACHES } from './home.ts';
import {
  type GuardPart,
  type GuardPlaces,
  guardProfile,
  isWide,
  NET,
  openForSession,
  type SessionPlaces,
} from './places.ts';
import { unsignedGit } from './programs/environment.ts';
import { nodeProgram } from './programs/node-path.ts';
import { inboundFolder } from './relay/loopback.ts';
import { hiddenVariables } from './sockets.ts';

export function guardOf(tool: GuardTool, places: GuardPlaces, part: GuardPart = {}): Guard {
  const { programs, home, isStrict = false } = places;
  const maySign = places.openings.sockets.some((name) => name === 'gpg-agent' || name === 'ssh-agent');
  // The strict sandbox admits none of the user's settings from the environment.
  const signing = maySign ? {} : unsignedGit(isStrict ? {} : home.env);
  if (tool.kind !== 'bwrap')
    return makeGuard(tool, macProfile(places), { unset: hiddenVariables(places), set: signing });
  const profile = guardProfile(places, part);
  const unset = [...hiddenVariables(places), ...leadingNowhere(places, profile)];
  const guard = makeGuard(tool, profile, {
    ...{ isStrict, unset },
    set: { ...signing, HOME: home.dir, TMPDIR: '/tmp' },
  });
  if (part.net === undefined) return guard;
  const relay = join(programs[0] ?? '', 'relay.cjs');
  return { ...guard, relay: [nodeProgram(), relay, ...relayArguments(part.ports)] };
}

function relayArguments(ports: readonly number[] = [], serves: readonly number[] = []): string[] {
  return [NET, ports.filter((port) => !serves.includes(port)).join(','), serves.join(',')];
}

/**
 * A guard for a service: in a strict sandbox each of its ports is reached through a socket in a folder which no other
 * sandbox can write.
 * @param guard made with the same `net` and `ports`
 */
export function serving(
  guard: Guard,
  { net, ports }: Pick<GuardPart, 'net' | 'ports'>,
  serves: readonly number[],
): Guard {
  if (net === undefined || guard.relay === undefined) return guard;
  const mounts = serves.map((port) => {
    const from = inboundFolder(net, port);
    makeFolder(from, 0o700);
    return { ...writable(inboundFolder(NET, port)), from };
  });
  const relay = [...guard.relay.slice(0, 2), ...relayArguments(ports, serves)];
  return { ...withMounts(guard, mounts), relay };
}

/**
 * Variables whose value is a folder that does not exist inside: tools would fail to create it. One that names a checkout
 * leads elsewhere inside.
 */
function leadingNowhere({ home, otherCheckouts }: GuardPlaces, profile: readonly Mount[]): string[] {
  const known = [...otherCheckouts, ...profile.map(({ path }) => path)];
  return Object.entries(home.env).flatMap(([name, value]) => {
    if (value === undefined || !/^\/[^:]*$/.test(value) || !isFolder(value)) return [];
    return known.some((path) => contains(path, value)) ? [] : [name];
  });
}

/** Any value may begin like a path, and is refused or too long as one. */
function isFolder(path: string): boolean {
  return orNothing(() => statsAt(path))?.isDirectory() === true;
}

/** The parts of the shared folder to which commits write. */
const OPEN_IN_GIT = ['objects', 'refs', 'logs/refs', 'lfs', 'rr-cache', 'reftable'];

/**
 * The rules for sandbox-exec, which can only deny: everything is as it is, except for samocode's paths, the repository,
 * and home, where caches and the state of CLIs can be written. Not tried on a Mac.
 */
export function macProfile(places: GuardPlaces): Mount[] {
  const { session, commonDir, home, openings } = places;
  const wide = openings.write.filter((path) => isWide(places, path));
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
    ...openings.write.filter((path) => !isWide(places, path)).map(writable),
    readOnly(places.stateRoot),
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
