import { uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** The only source of time in the program; tests pass their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch, for timestamps and absolute reset times. May jump. */
  now(): number;
  /** Monotonic milliseconds, for limits and deadlines. Zero has no meaning. */
  monotonic(): number;
  /** Waits `ms` milliseconds. @throws the signal's reason when it is aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // Not `performance`: its first use loads a Node module, which would slow every program's start.
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

/** Milliseconds since the machine booted, including sleep: the same for all its processes. */
export function sinceBootMs(): number {
  return uptime() * 1000;
}

/** The end of the year 9999: later dates have an unusual ISO form. */
const LAST_MS = 253_402_300_799_999;

/**
 * `ms` as the ISO 8601 UTC text used in run folders. A number outside the range of dates (from a provider, say) becomes
 * the nearest date.
 */
export function isoUtc(ms: number): string {
  return new Date(Math.max(0, Math.min(ms, LAST_MS)) || 0).toISOString();
}
