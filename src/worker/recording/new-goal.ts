import { parseDocumentName } from '../../session/documents/documents.ts';
import { ledgerPrint, ledgerText } from '../../session/documents/requirements.ts';
import type { EventBody } from '../../session/events/bodies/event-types.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { branchTip } from '../core/branch-tip.ts';
import { readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { documentNames } from '../documents/own-documents.ts';

/** Other work begins: questions, plans, ledger and commits that are there by now belong to the work before. */
export async function newGoal(
  worker: Worker,
  goal: string,
  given: Omit<EventBody<'resumed'>, 'phase' | 'resetsCounts'>,
): Promise<NewEvent> {
  const { questions } = await readQuestions(worker);
  return {
    ...given,
    type: 'resumed',
    phase: 'investigation',
    resetsCounts: true,
    goal,
    oldRounds: Math.max(stateOf(worker).oldRounds, ...questions.map(({ round }) => round)),
    oldPlans: documentNames(worker).filter((name) => parseDocumentName(name)?.kind === 'plan'),
    oldLedger: ledgerPrint(await ledgerText(worker.paths)),
    oldTip: await branchTip(worker),
    flow: `New goal: ${goal.split('\n')[0]}`,
  };
}
