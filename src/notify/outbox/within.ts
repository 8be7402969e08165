import { LinkedController } from '../../base/processes/linked-controller.ts';

/**
 * Lets an act run until it is done, the time is over or the signal is aborted; its own signal ends it.
 * @returns `timed_out` where the time was over @throws what the act throws, or the reason of the signal
 */
export async function within(
  { ms, signal }: { ms: number; signal: AbortSignal },
  act: (signal: AbortSignal) => Promise<void>,
): Promise<'done' | 'timed_out'> {
  using ended = new LinkedController(signal);
  ended.signal.throwIfAborted();
  const limit = AbortSignal.timeout(ms);
  limit.addEventListener('abort', () => ended.abort(), { once: true });
  try {
    await act(ended.signal);
    return 'done';
  } catch (error) {
    if (limit.aborted && !signal.aborted) return 'timed_out';
    throw error;
  }
}
