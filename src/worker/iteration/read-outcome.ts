import { withEnding } from '../../phases/outage.ts';
import type { Outcome } from '../../phases/outcome.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { type PlanEvidence, readPlanEvidence, readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { mainCheckoutMoves } from '../guarding/look-around.ts';
import { snapshotBefore } from '../guarding/snapshot.ts';
import { type ChildEnded, howItEnded, isCapsCut, type ProcessEnd } from './how-it-ended.ts';
import type { LeftByChild } from './keep-what-is-left.ts';
import { acknowledgedIds, signalOutcome } from './kept-signal.ts';
import { unpriced } from './unpriced.ts';

export interface OutcomeReading {
  outcome: Outcome;
  process: ProcessEnd;
  plan: PlanEvidence;
  /** Messages that the child has read. */
  acknowledged: string[];
  /** What people are told of beside the decision. */
  notices: NewEvent[];
}

/** Reads everything that the decision rests on. Changes nothing. */
export async function readOutcome(
  worker: Worker,
  open: OpenIteration,
  { ended, left }: { ended: ChildEnded; left: LeftByChild },
): Promise<OutcomeReading> {
  const { breach, signal, notebook, after } = left;
  const process = await howItEnded(worker, open, ended);
  const questions = await readQuestions(worker);
  const plan = await readPlanEvidence(worker);
  const before = await snapshotBefore(worker, open);
  const { outage, messages } = stateOf(worker);
  const treeChanged = before?.worktree?.print !== after.worktree?.print;
  const acknowledged = acknowledgedIds(worker, signal, notebook);
  const outcome: Outcome = {
    end: process.end,
    signal: signalOutcome(signal),
    breach,
    stopAsked: ended.end === 'stop',
    capCut: isCapsCut(worker, open, ended, process),
    problem: process.problem,
    limitedUntil: process.limitedUntil,
    outage: withEnding(outage, { ending: process.end, durationMs: ended.awakeMs }),
    changed: treeChanged || before?.documents !== after.documents,
    treeChanged,
    questions: { asked: questions.questions.length, open: questions.open },
    plan: plan.outcome,
    unacknowledged: messages.unacknowledged.filter((id) => !acknowledged.includes(id)),
  };
  const notices = [...mainCheckoutMoves(open.iteration, before, after), ...unpriced(worker, open, process)];
  return { outcome, process, plan, acknowledged, notices };
}
