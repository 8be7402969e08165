import type { Clock } from '../../base/clock.ts';
import type { EventWriter } from '../../session/events/event-writer.ts';
import type { NewEvent, SessionEvent } from '../../session/events/events.ts';
import { patiently } from './passing-errors.ts';

/** Appends events; while the disk takes nothing it waits, longer each time, instead of losing the session. */
export async function appendPatiently(
  { writer, clock }: { writer: EventWriter; clock: Clock },
  events: readonly NewEvent[],
): Promise<SessionEvent[]> {
  return await patiently(clock, 'events not written', () => writer.append(...events));
}
