import type { Clock } from '../base/clock.ts';

/** Wakes a sleeper; a ring while nobody sleeps wakes the next one at once. */
export interface Bell {
  ring(): void;
  /** Ends when the bell rings or the time is over. @throws the signal's reason when it is aborted */
  wait(ms: number, options: { clock: Clock; signal?: AbortSignal }): Promise<void>;
}

export function newBell(): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(ms, { clock, signal }) {
      signal?.throwIfAborted();
      if (!rung) {
        const awake = new AbortController();
        wake = () => awake.abort(awake);
        // Not AbortSignal.any: on Node 20 each call stays in the memory of a signal that lives on.
        signal?.addEventListener('abort', wake, { once: true });
        await clock.sleep(ms, awake.signal).catch((error) => {
          if (error !== awake) throw error;
        });
        signal?.removeEventListener('abort', wake);
        wake = undefined;
      }
      rung = false;
      signal?.throwIfAborted();
    },
  };
}
