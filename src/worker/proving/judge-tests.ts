import type { Decision } from '../../phases/decision.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Worker } from '../core/worker.ts';
import { proveNothingWords, tryAddedTests } from './added-tests.ts';
import { waitIfWeakened } from './weakened-wait.ts';

/**
 * What checks that have passed are worth: tests that were added are tried without the work, and a person is asked where
 * checks were weakened. @returns undefined when it was stopped
 */
export async function judgeTests(
  worker: Worker,
  iteration: number,
  given: Decision,
): Promise<{ decision: Decision; events: NewEvent[] } | undefined> {
  const tried = await tryAddedTests(worker, iteration);
  if (tried === undefined) return undefined;
  const { proveNothing, events } = tried;
  const decision = proveNothing.length > 0 ? withNote(given, proveNothing) : given;
  return { decision: (await waitIfWeakened(worker, decision)) ?? decision, events };
}

function withNote(decision: Decision, files: readonly string[]): Decision {
  if (decision.kind !== 'run' && decision.kind !== 'limited') return decision;
  const note = `${proveNothingWords(files)}. See whether each of them tests what was asked for.`;
  return { ...decision, notes: [...decision.notes, note] };
}
