import { systemClock } from '../../src/base/clock.ts';

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
    if (systemClock.now() > end) throw new Error(`Timed out waiting for: ${what}`, { cause });
  }
}
