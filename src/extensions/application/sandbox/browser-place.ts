import { insideGuard } from '../../../core/sandbox/guard/make-guard.ts';
import { guardOf } from '../../../core/sandbox/guard-of.ts';
import type { GuardPart } from '../../../core/sandbox/places.ts';
import type { ActiveGuard } from '../../../core/sandbox/probe-guard.ts';
import type { Inside } from '../served-place.ts';

/** Nothing that a person opened for agents is open to a browser. */
const NO_OPENINGS = { write: [], read: [], sockets: [], env: [], hosts: [], ports: [] };

/**
 * A browser that opens pages of agents: a strict sandbox at any level, without the repository and the session.
 * @returns undefined without bubblewrap
 */
export function browserInside(
  { tool, places }: Pick<ActiveGuard, 'tool' | 'places'>,
  part: Required<Pick<GuardPart, 'home' | 'tmp' | 'net' | 'ports' | 'shown' | 'open'>>,
): Inside | undefined {
  if (tool.kind !== 'bwrap') return undefined;
  const { session: _, ...rest } = places;
  const strict = { ...rest, openings: NO_OPENINGS, isStrict: true };
  const guard = guardOf(tool, strict, { ...part, hidesCheckout: true });
  return (command) => insideGuard(guard, command);
}
