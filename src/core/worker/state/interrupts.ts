import type { NextStep } from '../../kernel/acts.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import type { BlockDecision } from '../../kernel/phases/decision.ts';
import type { Phase } from '../../kernel/phases/table.ts';
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

interface Block extends Omit<BlockDecision, 'kind'> {
  /** The steps that unblock it, if a plain resume does not. */
  next?: readonly NextStep[];
}

/** The event of a session that is blocked until a person acts, with a flow line that gives the reason. */
export function blockedEvent({ phase, reason, needs, rule, next }: Block): NewEvent {
  const flow = `Blocked (${needs}): ${reason}`;
  return { type: 'blocked', phase, reason, needs, rule, next: recordedSteps(next), flow };
}

/** Thrown by a step that must not continue until a person acts; the loop records it (`runStep`). */
export class Blocked extends Error {
  readonly block: Omit<Block, 'phase'>;

  constructor(block: Omit<Block, 'phase'>) {
    super(block.reason);
    this.block = block;
  }
}

/** The steps as events record them: undefined instead of an empty list. */
export function recordedSteps(steps: readonly NextStep[] = []): NextStep[] | undefined {
  return steps.length === 0 ? undefined : [...steps];
}

export function blockedBy(error: SamocodeError, phase: Phase): NewEvent {
  const { message: reason, code: rule, next } = error;
  return blockedEvent({ phase, reason, needs: 'error_resolution', rule, next });
}
