import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { orNothing } from '../kernel/errors.ts';
import { contains } from '../kernel/files/contains.ts';
import { statsAt } from '../kernel/files/path-stats.ts';
import { type Guard, type GuardTool, makeGuard, withMounts } from './guard/make-guard.ts';
import { type Mount, writable } from './guard/mount.ts';
import { type GuardPart, type GuardPlaces, guardProfile, NET } from './guard-profile.ts';
import { macProfile } from './mac-profile.ts';
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
  const unset = [...hiddenVariables(places), ...leadingNowhere(home.env, profile)];
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
    mkdirSync(from, { recursive: true, mode: 0o700 });
    return { ...writable(inboundFolder(NET, port)), from };
  });
  const relay = [...guard.relay.slice(0, 2), ...relayArguments(ports, serves)];
  return { ...withMounts(guard, mounts), relay };
}

/** Variables whose value is a folder that does not exist inside: tools would fail to create it. */
function leadingNowhere(env: GuardPlaces['home']['env'], profile: readonly Mount[]): string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || !/^\/[^:]*$/.test(value) || !isFolder(value)) return [];
    return profile.some(({ path }) => contains(path, value)) ? [] : [name];
  });
}

/** Any value may begin like a path, and is refused or too long as one. */
function isFolder(path: string): boolean {
  return orNothing(() => statsAt(path))?.isDirectory() === true;
}
