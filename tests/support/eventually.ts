import { systemClock } from '../../src/base/clock.ts';

export interface EventuallyOptions {
  /** What is waited for, for the error. */
  what?: string;
  /** Milliseconds; generous, for a machine under load. */
  withinMs?: number;
}

/**
 * Looks until `look` gives something; a look that throws has seen nothing yet. expect.poll knows only one test at a
 * time, and some run side by side.
 * @throws Error whose cause is what the last look threw
 */
export async function eventually<T>(
  look: () => Promise<T | undefined | false>,
  { what = 'what was waited for', withinMs = 60_000 }: EventuallyOptions = {},
): Promise<T> {
  let cause: unknown;
  for (const end = systemClock.now() + withinMs; ; await systemClock.sleep(25)) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (systemClock.now() > end) throw new Error(`It never came about: ${what}`, { cause });
  }
}
