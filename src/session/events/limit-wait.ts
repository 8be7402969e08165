import type { Clock } from '../../base/clock.ts';

const MINUTE_MS = 60_000;
/** Without a word from the provider: try again after a while. */
export const GUESS_MS = 30 * MINUTE_MS;
const LONGEST_JITTER_MS = MINUTE_MS;
const SHORTEST_JITTER_MS = 500;

/** No provider's limit is longer; what says so is damaged, or was written by a clock that was wrong. */
const LONGEST_MS = 32 * 24 * 60 * MINUTE_MS;
const LONGEST_GUESS_MS = GUESS_MS + 2 * LONGEST_JITTER_MS;

export interface Limit {
  until: number;
  guessed: boolean;
}

/** Many sessions share an account, or a provider; they should not all come back in one second. */
export function spread(until: number, nowMs: number): number {
  const longest = Math.min(LONGEST_JITTER_MS, Math.max(SHORTEST_JITTER_MS, (until - nowMs) / 10));
  return until + Math.round(Math.random() * longest);
}

/** Whether a limit can last until then, as this clock goes now. Pure. */
export function isBelievable({ until, guessed }: Limit, nowMs: number): boolean {
  return until - nowMs < (guessed ? LONGEST_GUESS_MS : LONGEST_MS);
}

/**
 * The end of a limit, to be kept while it is waited for: `leftMs` is 0 once it is over. A stated time is one of the wall
 * clock, which counts again after a machine has slept. What was guessed, or cannot be, lasts no longer than a guess,
 * wherever that clock is set meanwhile.
 */
export function limitWait(limit: Limit, clock: Clock): { leftMs(): number } {
  const begun = clock.monotonic();
  const statedMs = limit.until - clock.now();
  const guessMs = statedMs < LONGEST_GUESS_MS ? statedMs : GUESS_MS;
  const isBound = limit.guessed || !isBelievable(limit, clock.now());
  const longestMs = isBound ? guessMs : Number.POSITIVE_INFINITY;
  return {
    leftMs: () => Math.max(0, Math.min(limit.until - clock.now(), longestMs - (clock.monotonic() - begun))),
  };
}
