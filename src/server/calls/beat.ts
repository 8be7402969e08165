import type { ToolContext } from './tool.ts';

/** Below every client's limit for calls that say nothing. */
const BEAT_MS = 15_000;

/** Tells the client now and then that a call is alive. @returns what ends that */
export function beat(
  { progress, actions: { clock } }: Pick<ToolContext, 'progress' | 'actions'>,
  message: string,
): () => void {
  const stop = new AbortController();
  const beating = async () => {
    for (;;) {
      await clock.sleep(BEAT_MS, stop.signal);
      progress(message);
    }
  };
  // It only ends by being stopped, which rejects its sleep.
  beating().catch(() => undefined);
  return () => stop.abort();
}
