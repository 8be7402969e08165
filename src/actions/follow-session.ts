import type { Clock } from '../base/clock.ts';
import { readEvents } from '../session/event-log.ts';
import type { SessionEvent } from '../session/events.ts';
import type { SessionView } from '../session/status.ts';
import { waitForEvents } from '../session/watch.ts';

/** A day at a time: the end of one wait is only the beginning of the next. */
const WAIT_MS = 24 * 60 * 60_000;

/** The events of a session behind those that `view` knows, in batches, as they come. Ends when aborted. */
export async function* followSession(
  { paths, state }: Pick<SessionView, 'paths' | 'state'>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): AsyncGenerator<SessionEvent[]> {
  for (let after = state.n; !signal.aborted; ) {
    try {
      await waitForEvents([{ paths, after }], { timeoutMs: WAIT_MS, clock, signal });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    const events = await readEvents(paths.events, after);
    after = events.at(-1)?.n ?? after;
    if (events.length > 0) yield events;
  }
}
