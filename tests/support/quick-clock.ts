import { type Clock, systemClock } from '../../src/core/kernel/clock.ts';

/** A clock whose limits expire `times` times sooner. Sleeps keep their length, or are shortened by the same factor. */
export function quickClock(
  times: number,
  { pauses }: { pauses: 'real' | 'short' } = { pauses: 'real' },
): Clock {
  const { now, monotonic, sleep } = systemClock;
  return {
    now,
    monotonic: () => monotonic() * times,
    sleep: pauses === 'real' ? sleep : (ms, signal) => sleep(ms / times, signal),
  };
}
