import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { stateOf, type Worker } from './worker.ts';

/** That a session stands still because somebody asked for it. */
export function stoppedEvent(by: By): NewEvent {
  return { type: 'stopped', by, why: 'asked for', flow: 'Stopped' };
}

/** Whether what is under way is to be left: its end is not waited for. */
export function isStopDue(worker: Worker): boolean {
  const { status, stopWanted } = stateOf(worker);
  return status.kind === 'stopped' || stopWanted?.when === 'now';
}

/** What is left to record of a stop that was met half-way. */
export function stopEvents(worker: Worker): NewEvent[] {
  const { status, stopWanted } = stateOf(worker);
  return status.kind === 'stopped' || stopWanted === undefined ? [] : [stoppedEvent(stopWanted.by)];
}
