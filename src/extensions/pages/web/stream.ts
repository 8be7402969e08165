import type { Clock } from '../../../core/kernel/clock.ts';

/** A client that reads nothing for this long is disconnected. */
const STUCK_MS = 60_000;

export interface StreamOptions {
  clock: Clock;
  ended(): void;
  failed(error: unknown): void;
  drop(): void;
}

/**
 * Streams updates as the body of a response, one line of JSON each. An update is made only when the reader has taken
 * the previous one, so a slow reader gets fewer updates and nothing accumulates.
 */
export function streamOf(
  make: (signal: AbortSignal) => AsyncGenerator<unknown, void>,
  { clock, ended, failed, drop }: StreamOptions,
): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const updates = make(gone.signal);
  const encoder = new TextEncoder();
  let taken = new AbortController();
  const end = () => {
    taken.abort();
    if (gone.signal.aborted) return;
    gone.abort();
    void updates.return();
    ended();
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      taken.abort();
      try {
        const { value, done } = await updates.next();
        if (done) {
          end();
          return controller.close();
        }
        controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
        taken = new AbortController();
        void clock.sleep(STUCK_MS, taken.signal).then(drop, () => undefined);
      } catch (error) {
        // The client may have disconnected while the update was made.
        if (!gone.signal.aborted) failed(error);
        end();
        controller.error(error);
      }
    },
    cancel: end,
  });
}
