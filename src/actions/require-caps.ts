import { SamocodeError } from '../base/errors.ts';
import { CAP_NAMES, type CapName, type SessionCaps } from '../phases/caps.ts';

/**
 * Limits that a person gave, checked; undefined when none was given.
 * @throws BadCapError for what is no number, negative, or no limit that we know
 */
export function requireCaps(
  given: Readonly<Record<string, number | undefined>> | undefined,
): SessionCaps | undefined {
  const entries = Object.entries(given ?? {}).filter(([, limit]) => limit !== undefined);
  if (entries.length === 0) return undefined;
  for (const [name, limit] of entries) {
    if (!CAP_NAMES.includes(name as CapName)) throw new BadCapError(name, 'there is no such limit');
    if (typeof limit !== 'number' || !Number.isFinite(limit))
      throw new BadCapError(name, 'it is not a number');
    if (limit < 0) throw new BadCapError(name, 'it is negative');
  }
  return { session: Object.fromEntries(entries), phases: {} };
}

class BadCapError extends SamocodeError {
  readonly code = 'bad_cap';

  constructor(name: string, why: string) {
    super(
      'Nothing was changed.',
      `The limit "${name.slice(0, 40)}" cannot be used: ${why}.`,
      `Give a number from 0 for one of: ${CAP_NAMES.join(', ')} (US dollars, tokens, hours, iterations).`,
    );
  }
}
