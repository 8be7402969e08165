import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { stateOf, type Worker } from './worker.ts';

/** Thrown where a stop interrupts a step; the loop records the stop (`runStep`), a performer what it means for its work. */
export class Stopped extends Error {}

export function stoppedEvent(by: By): NewEvent {
  return { type: 'stopped', by, why: 'on request', flow: 'Stopped' };
}

/** Whether to abandon what is in progress without waiting for it to end. A stopped session may be published. */
export function isStopDue(worker: Worker): boolean {
  const { status, stopWanted, work } = stateOf(worker);
  return (status.kind === 'stopped' && work === undefined) || stopWanted?.when === 'now';
}

/** The events still missing for an interrupted stop. */
export function stopEvents(worker: Worker): NewEvent[] {
  const { status, stopWanted } = stateOf(worker);
  return status.kind === 'stopped' || stopWanted === undefined ? [] : [stoppedEvent(stopWanted.by)];
}
