import * as z from 'zod';
import { type EndingKind, type OutageKind, outageOf } from './ending.ts';

/** Newest iterations that an overloaded provider or a lost network ended, with none between that was answered. */
export const Outage = z.object({
  tries: z.int().positive(),
  /** What the children after the first took, in waking time. */
  workedMs: z.number().nonnegative(),
});
export type Outage = z.infer<typeof Outage>;

export interface Patience {
  /** Before the second try; the quick ones after it wait longer. */
  quickMs: number;
  /** The first wait after the quick tries. */
  firstMs: number;
  /** After this much of waiting and trying, a person is asked. */
  mostMs: number;
}

const QUICK_TRIES = 3;
const LONGEST_MS = 10 * 60_000;
/** Waits after the quick tries, in first ones; the last is that of every further try. */
const FACTORS = [1, 2, 5, 10] as const;

/** The endings that say nothing of whether the provider could have answered. */
const UNTOLD: readonly EndingKind[] = ['crashed', 'killed', 'not_started'];

/** The row after one more iteration; undefined when none began. Pure. */
export function withEnding(
  row: Outage | undefined,
  { ending, durationMs }: { ending: EndingKind; durationMs: number },
): Outage | undefined {
  if (outageOf(ending) === undefined) return UNTOLD.includes(ending) ? row : undefined;
  return row ? { tries: row.tries + 1, workedMs: row.workedMs + durationMs } : { tries: 1, workedMs: 0 };
}

/** Whether the next try comes too soon to be told as a wait. */
export function isQuick({ tries }: Pick<Outage, 'tries'>): boolean {
  return tries <= QUICK_TRIES;
}

/** How long to wait after this many tries: never shorter than before. */
export function waitAfter(tries: number, { quickMs, firstMs }: Omit<Patience, 'mostMs'>): number {
  const quick = growingDelay(Math.min(tries, QUICK_TRIES), quickMs);
  const factor = FACTORS[Math.min(tries - QUICK_TRIES, FACTORS.length) - 1];
  return factor === undefined ? quick : Math.max(quick, firstMs * factor);
}

/** The delay before the n-th quick try of anything, twice the one before it. */
export function growingDelay(n: number, firstMs: number): number {
  return Math.min(firstMs * 2 ** Math.max(0, n - 1), LONGEST_MS);
}

/**
 * How long the row lasts: what was waited as it was meant to be, and what the tries took. No clock is asked, so
 * neither the sleep of a machine nor a clock that is set brings the person sooner or later.
 */
export function lastedMs({ tries, workedMs }: Outage, patience: Patience): number {
  const waits = Array.from({ length: tries - 1 }, (_, index) => waitAfter(index + 1, patience));
  return waits.reduce((sum, ms) => sum + ms, workedMs);
}

/** In words for people: `12 hours`, `40 minutes`. */
export function lastedWords(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  if (hours >= 2) return `${hours} hours`;
  const minutes = Math.round(ms / 60_000);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}

/** What is amiss, in words for people; `the provider is overloaded`. */
export const OUTAGE_WORDS: Readonly<Record<OutageKind, string>> = {
  overloaded: 'the provider is overloaded',
  network: 'the provider cannot be reached',
};
