import type { Clock } from '../base/clock.ts';
import type { EventWriter } from '../session/event-writer.ts';
import type { NewEvent, SessionEvent } from '../session/events.ts';
import { isPassing, patiently } from './passing-errors.ts';

/** Appends events; while the disk takes nothing it waits, longer each time, instead of losing the session. */
export async function appendPatiently(
  { writer, clock }: { writer: EventWriter; clock: Clock },
  events: readonly NewEvent[],
): Promise<SessionEvent[]> {
  return await patiently(clock, 'events not written', () => writer.append(...events));
}

/** Appends events where nothing may be waited for. @returns undefined when the disk takes nothing now */
export async function appendIfTaken(
  { writer }: { writer: EventWriter },
  events: readonly NewEvent[],
): Promise<SessionEvent[] | undefined> {
  try {
    return await writer.append(...events);
  } catch (error) {
    if (!isPassing(error)) throw error;
    return undefined;
  }
}
