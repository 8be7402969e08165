import { CAP_NAMES, type CapName, type SessionCaps } from '../../phases/caps.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';

/**
 * Limits that a person gave, checked; undefined when none was given.
 * @throws bad_cap for what is no number, negative, or no limit that we know
 */
export function requireCaps(
  given: Readonly<Record<string, number | undefined>> | undefined,
): SessionCaps | undefined {
  const entries = Object.entries(given ?? {}).filter(([, limit]) => limit !== undefined);
  if (entries.length === 0) return undefined;
  for (const [name, limit] of entries) {
    if (!CAP_NAMES.includes(name as CapName)) throw badCap(name, 'there is no such limit');
    if (typeof limit !== 'number' || !Number.isFinite(limit)) throw badCap(name, 'it is not a number');
    if (limit < 0) throw badCap(name, 'it is negative');
  }
  return { session: Object.fromEntries(entries), phases: {} };
}

function badCap(name: string, why: string) {
  return ACTION_ERRORS.bad_cap({ name, why, known: CAP_NAMES });
}
