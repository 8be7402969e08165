import type { Clock } from '../../kernel/clock.ts';

const MINUTE_MS = 60_000;
/** The wait if the provider does not state when the limit ends. */
export const GUESS_MS = 30 * MINUTE_MS;
const LONGEST_JITTER_MS = MINUTE_MS;
const SHORTEST_JITTER_MS = 500;

/** No provider's limit is longer: a later end is corrupt, or was written while the clock was wrong. */
const LONGEST_MS = 32 * 24 * 60 * MINUTE_MS;
const LONGEST_GUESS_MS = GUESS_MS + 2 * LONGEST_JITTER_MS;

export interface Limit {
  until: number;
  guessed: boolean;
}

/** Adds jitter: sessions that share an account or a provider should not all continue in the same second. */
export function spread(until: number, nowMs: number): number {
  const longest = Math.min(LONGEST_JITTER_MS, Math.max(SHORTEST_JITTER_MS, (until - nowMs) / 10));
  return until + Math.round(Math.random() * longest);
}

/** Whether a limit can last that long by the current clock. Pure. */
export function isBelievable({ until, guessed }: Limit, nowMs: number): boolean {
  return until - nowMs < (guessed ? LONGEST_GUESS_MS : LONGEST_MS);
}

/**
 * Tracks the end of a limit during the wait: `leftMs` is 0 once it is over. A stated end is compared with the wall
 * clock, which includes time that the machine slept. A guessed or implausible one lasts no longer than a guess, even if
 * the wall clock is changed meanwhile.
 */
export function limitWait(limit: Limit, clock: Clock): { leftMs(): number } {
  const startedAt = clock.monotonic();
  const statedMs = limit.until - clock.now();
  const guessMs = statedMs < LONGEST_GUESS_MS ? statedMs : GUESS_MS;
  const isCapped = limit.guessed || !isBelievable(limit, clock.now());
  const longestMs = isCapped ? guessMs : Number.POSITIVE_INFINITY;
  return {
    leftMs: () =>
      Math.max(0, Math.min(limit.until - clock.now(), longestMs - (clock.monotonic() - startedAt))),
  };
}
