import type { EventType } from '../../src/core/session/events/bodies/event-types.ts';
import type { EventOf } from '../../src/core/session/events/events.ts';
import type { SessionRig } from './session-rig.ts';

type Log = Pick<SessionRig, 'events'>;

/** The events of a type after number `after`, oldest first. */
export async function eventsOfType<T extends EventType>(
  { events }: Log,
  type: T,
  after = 0,
): Promise<EventOf<T>[]> {
  return (await events(after)).filter((event): event is EventOf<T> => event.type === type);
}

/** How the iterations have ended. */
export async function endings(log: Log): Promise<string[]> {
  return (await eventsOfType(log, 'iteration_ended')).map(({ ending }) => ending);
}

/** What each worker that took over did with the iteration that it found. */
export async function recoveries(log: Log): Promise<string[]> {
  return (await eventsOfType(log, 'worker_took_over')).map(({ recovery }) => recovery);
}

/** The notices with a code. */
export async function noticesOf(log: Log, code: string): Promise<EventOf<'notice'>[]> {
  return (await eventsOfType(log, 'notice')).filter((notice) => notice.code === code);
}

/** The phases of its agents. */
export async function phasesOfAgents(log: Log): Promise<string[]> {
  return (await eventsOfType(log, 'iteration_started')).map(({ phase }) => phase);
}
