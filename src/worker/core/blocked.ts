import type { NextStep } from '../../base/acts.ts';
import type { SamocodeError } from '../../base/errors.ts';
import type { BlockDecision } from '../../phases/decision.ts';
import type { Phase } from '../../phases/table.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { record, stateOf, type Worker } from './worker.ts';

interface Block extends Omit<BlockDecision, 'kind'> {
  /** What opens it, where a resume with a note does not. */
  next?: readonly NextStep[];
}

/** The event of a session that cannot continue until a person acts, with the flow line that says why. */
export function blockedEvent({ phase, reason, needs, rule, next }: Block): NewEvent {
  const flow = `Blocked (${needs}): ${reason}`;
  return { type: 'blocked', phase, reason, needs, rule, next: recordedSteps(next), flow };
}

/** Blocks a session in the phase that it is in. @returns false: it may not go on */
export async function blockHere(worker: Worker, given: Omit<Block, 'phase'>): Promise<false> {
  const { phase } = stateOf(worker).progress;
  await record(worker, blockedEvent({ phase, ...given }));
  return false;
}

/** As an event holds them: not at all where there are none. */
export function recordedSteps(steps: readonly NextStep[] = []): NextStep[] | undefined {
  return steps.length === 0 ? undefined : [...steps];
}

export function blockedBy(error: SamocodeError, phase: Phase): NewEvent {
  const { message: reason, code: rule, next } = error;
  return blockedEvent({ phase, reason, needs: 'error_resolution', rule, next });
}
