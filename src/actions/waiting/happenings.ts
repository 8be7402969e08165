import { describeEvent } from '../../session/documents/describe-event.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** One event in a sentence. Texts of children within it are theirs. */
export interface Happening {
  n: number;
  /** ISO time. */
  at: string;
  type: EventType;
  text: string;
  /** As it should be, and to be seen from where the session stands now. */
  isRoutine: boolean;
}

/** Steps on the way to something that is told anyway. */
const NOT_TOLD: ReadonlySet<EventType> = new Set<EventType>([
  'session_created',
  'worker_took_over',
  'worker_left',
  'command_accepted',
  'command_refused',
  'iteration_started',
  'message_kept',
  'messages_delivered',
  'stop_requested',
]);

/** What is worth telling among the events that `view` knows and the reader does not. */
export async function happenedSince({ paths, state }: SessionView, cursor: number): Promise<Happening[]> {
  const events = state.n > cursor ? await readEvents(paths.events, cursor) : [];
  return events.filter(({ n }) => n <= state.n).flatMap(toldOf);
}

function toldOf(event: SessionEvent): Happening[] {
  const text = NOT_TOLD.has(event.type) ? undefined : describeEvent(event);
  if (text === undefined) return [];
  return [{ n: event.n, at: event.at, type: event.type, text, isRoutine: isRoutine(event) }];
}

function isRoutine(event: SessionEvent): boolean {
  if (event.type !== 'iteration_ended' || event.ending !== 'signalled') return false;
  return event.decision.kind === 'run' && event.decision.strike === undefined;
}
