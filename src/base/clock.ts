import { setTimeout as delay } from 'node:timers/promises';

/** The only source of time in the program; tests hand in a clock of their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch: for stamps that people read and absolute resets. May jump. */
  now(): number;
  /** Milliseconds that only grow: for limits and deadlines. Its zero means nothing. */
  monotonic(): number;
  /** Waits `ms` milliseconds. @throws the signal's reason when it is aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // The first use of `performance` loads a module of Node's, which all programs would pay for at their start.
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** The end of the year 9999: what lies behind it has no ISO text of the usual shape. */
const LAST_MS = 253_402_300_799_999;

/**
 * `ms` as the ISO 8601 UTC text that everything under `.run/` uses. A number that no date has (from a
 * provider, say) gives the nearest one.
 */
export function isoUtc(ms: number): string {
  return new Date(Math.max(0, Math.min(ms, LAST_MS)) || 0).toISOString();
}
