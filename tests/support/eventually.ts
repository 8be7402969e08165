import { systemClock } from '../../src/core/kernel/clock.ts';

export interface EventuallyOptions {
  /** What is awaited, for the error message. */
  what?: string;
  /** Milliseconds; generous, for a machine under load. */
  withinMs?: number;
}

/**
 * Polls until `look` returns a value; a poll that throws counts as none. expect.poll supports only one test at a time,
 * and some run concurrently.
 * @throws Error whose cause is the last error of `look`
 */
export async function eventually<T>(
  look: () => Promise<T | undefined | false>,
  { what = 'what was waited for', withinMs = 600_000 }: EventuallyOptions = {},
): Promise<T> {
  let cause: unknown;
  const begin = systemClock.now();
  for (const end = begin + withinMs; ; await systemClock.sleep(pauseMs(systemClock.now() - begin))) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (systemClock.now() > end) throw new Error(`Timed out waiting for: ${what}`, { cause });
  }
}

/** What takes long is looked at less often: a look may read many files, while other tests need the CPU. */
function pauseMs(waitedMs: number): number {
  return Math.min(200, 25 + waitedMs / 50);
}
