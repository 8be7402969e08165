import type { Clock } from '../base/clock.ts';

/** A page that takes nothing for so long is gone, or has stopped to read. */
const STUCK_MS = 60_000;

export interface StreamOptions {
  clock: Clock;
  ended(): void;
  failed(error: unknown): void;
  /** Closes the connection. */
  drop(): void;
}

/**
 * Lines of JSON, one per update, as the body of an answer. The next update is made when the reader has taken the last:
 * a slow one gets fewer, and nothing piles up.
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
        // What was made for a page that has left meanwhile cannot be added.
        if (!gone.signal.aborted) failed(error);
        end();
        controller.error(error);
      }
    },
    cancel: end,
  });
}
