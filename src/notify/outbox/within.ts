import type { Clock } from '../../base/clock.ts';

interface Limits {
  clock: Pick<Clock, 'sleep'>;
  ms: number;
  signal: AbortSignal;
}

/** An act that is to end is waited for so long: a command's processes take three seconds to end. */
const GRACE_MS = 5000;

/**
 * Lets an act run until it is done, the time is over or the signal is aborted, whether it obeys or not.
 * @returns `timed_out` where the time was over @throws what the act throws, or the reason of the signal
 */
export async function within(
  { clock, ms, signal }: Limits,
  act: (signal: AbortSignal) => Promise<void>,
): Promise<'done' | 'timed_out'> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const settled = new AbortController();
  const limit = AbortSignal.timeout(ms);
  // Not AbortSignal.any: on Node 20 each call stays in the memory of a signal that lives on.
  const stop = () => ended.abort();
  for (const one of [signal, limit]) one.addEventListener('abort', stop, { once: true });
  const left = new Promise<never>((_, reject) => {
    ended.signal.addEventListener('abort', () => {
      const giveUp = () => reject(ended.signal.reason);
      void clock.sleep(GRACE_MS, settled.signal).then(giveUp, () => undefined);
    });
  });
  try {
    await Promise.race([act(ended.signal), left]);
    return 'done';
  } catch (error) {
    if (limit.aborted && !signal.aborted) return 'timed_out';
    throw error;
  } finally {
    settled.abort();
    for (const one of [signal, limit]) one.removeEventListener('abort', stop);
  }
}
