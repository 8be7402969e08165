import { join } from 'node:path';
import { unsignedGit } from '../providers/starting/environment.ts';
import { nodeProgram } from '../providers/starting/node-path.ts';
import { forgeLoginMounts } from './forge-logins.ts';
import { type GuardPlaces, guardProfile } from './guard-profile.ts';
import { type Guard, type GuardOptions, type GuardTool, makeGuard } from './make-guard.ts';
import type { Mount } from './mount.ts';
import { hiddenVariables } from './sockets.ts';
import { NET, type StrictPart, strictProfile } from './strict-profile.ts';

export interface GuardMaker {
  tool: GuardTool;
  isRoot: boolean;
}

/** The guard for these places. @param part what the strict sandbox gets */
export function guardOf({ tool, isRoot }: GuardMaker, places: GuardPlaces, part: StrictPart = {}): Guard {
  if (!places.isStrict) return guardWith({ tool, isRoot }, places, guardProfile(places));
  const { programs, home } = places;
  const { unset, set } = guardOptions(places, isRoot);
  const options = { isRoot, isStrict: true, unset, set: { ...set, HOME: home.dir, TMPDIR: '/tmp' } };
  const guard = makeGuard(tool, [...strictProfile(places, part), ...forgeLoginMounts(places)], options);
  if (part.net === undefined) return guard;
  const relay = join(programs[0] ?? '', 'relay.cjs');
  return { ...guard, relay: [nodeProgram(), relay, NET, (part.ports ?? []).join(',')] };
}

/** Like `guardOf`, with other mounts. */
export function guardWith(
  { tool, isRoot }: GuardMaker,
  places: GuardPlaces,
  profile: readonly Mount[],
): Guard {
  return makeGuard(tool, [...profile, ...forgeLoginMounts(places)], guardOptions(places, isRoot));
}

function guardOptions(places: GuardPlaces, isRoot: boolean): GuardOptions {
  const maySign = places.openings.sockets.some((name) => name === 'gpg-agent' || name === 'ssh-agent');
  // The strict sandbox lets none of the user's settings by environment in.
  const env = places.isStrict ? {} : places.home.env;
  return { isRoot, unset: hiddenVariables(places), set: maySign ? {} : unsignedGit(env) };
}
