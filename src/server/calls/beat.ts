import type { CallProgress, ToolContext } from './tool.ts';

/** Soon, for whoever looks at the screen; then below every client's limit for calls that say nothing. */
const FIRST_MS = 2000;
const BEAT_MS = 15_000;

/**
 * Tells the client now and then that a call is alive.
 * @param say what there is to tell at that moment
 * @returns what ends that
 */
export function beat(
  { progress, actions: { clock } }: Pick<ToolContext, 'progress' | 'actions'>,
  say: () => CallProgress | Promise<CallProgress>,
): () => void {
  const stop = new AbortController();
  const beating = async () => {
    for (let pauseMs = FIRST_MS; ; pauseMs = BEAT_MS) {
      await clock.sleep(pauseMs, stop.signal);
      // Where it cannot be said what goes on, it is still said that the call lives.
      const told = await Promise.resolve(say()).catch(() => ({ message: 'waiting' }));
      if (stop.signal.aborted) return;
      progress(told);
    }
  };
  // It only ends by being stopped, which rejects its sleep.
  beating().catch(() => undefined);
  return () => stop.abort();
}
