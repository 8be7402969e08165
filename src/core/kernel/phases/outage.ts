import * as z from 'zod';
import { type EndingKind, type OutageKind, outageOf } from './ending.ts';

/** The latest consecutive iterations ended by an overloaded provider or a lost network. */
export const Outage = z.object({
  tries: z.int().positive(),
  /** The time for which the agents after the first ran, not counting time when the machine was asleep. */
  workedMs: z.number().nonnegative(),
});
export type Outage = z.infer<typeof Outage>;

export interface Patience {
  /** The wait before the second try; later quick tries wait longer. */
  quickMs: number;
  /** The first wait after the quick tries. */
  firstMs: number;
  /** After waiting and trying for this long, ask a person. */
  maxMs: number;
}

const QUICK_TRIES = 3;
const LONGEST_MS = 10 * 60_000;
/** Waits after the quick tries, as multiples of `firstMs`; the last one is repeated. */
const FACTORS = [1, 2, 5, 10] as const;

/** Endings that don't show whether the provider could have answered. */
const INCONCLUSIVE: readonly EndingKind[] = ['crashed', 'killed', 'not_started'];

/** The outage after another iteration; undefined if there is none. Pure. */
export function withEnding(
  outage: Outage | undefined,
  { ending, durationMs }: { ending: EndingKind; durationMs: number },
): Outage | undefined {
  if (outageOf(ending) === undefined) return INCONCLUSIVE.includes(ending) ? outage : undefined;
  return outage
    ? { tries: outage.tries + 1, workedMs: outage.workedMs + durationMs }
    : { tries: 1, workedMs: 0 };
}

/** Whether the next try is too soon to be reported as a wait. */
export function isQuick({ tries }: Pick<Outage, 'tries'>): boolean {
  return tries <= QUICK_TRIES;
}

/** The wait after this many tries: never shorter than before. */
export function waitAfter(tries: number, { quickMs, firstMs }: Omit<Patience, 'maxMs'>): number {
  const quick = growingDelay(Math.min(tries, QUICK_TRIES), quickMs);
  const factor = FACTORS[Math.min(tries - QUICK_TRIES, FACTORS.length) - 1];
  return factor === undefined ? quick : Math.max(quick, firstMs * factor);
}

/** The delay before the n-th quick try, doubling each time. */
export function growingDelay(n: number, firstMs: number): number {
  return Math.min(firstMs * 2 ** Math.max(0, n - 1), LONGEST_MS);
}

/**
 * The duration of an outage: the intended waits plus the duration of the tries. Independent of the clock, so
 * neither a suspended machine nor a clock change shifts when a person is asked.
 */
export function outageDurationMs({ tries, workedMs }: Outage, patience: Patience): number {
  const waits = Array.from({ length: tries - 1 }, (_, index) => waitAfter(index + 1, patience));
  return waits.reduce((sum, ms) => sum + ms, workedMs);
}

/** For people: `12 hours`, `40 minutes`. */
export function roughDuration(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  if (hours >= 2) return `${hours} hours`;
  const minutes = Math.round(ms / 60_000);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}

/** For people: `the provider is overloaded`. */
export const OUTAGE_TEXT: Readonly<Record<OutageKind, string>> = {
  overloaded: 'the provider is overloaded',
  network: 'the provider cannot be reached',
};
