import { withEnding } from '../../phases/outage.ts';
import type { Outcome } from '../../phases/outcome.ts';
import { PRICES_FILE } from '../../providers/reading/prices.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { UNPRICED } from '../../session/events/fold-spent.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { type PlanEvidence, readPlanEvidence, readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { mainCheckoutMoves } from '../guarding/look-around.ts';
import { snapshotBefore } from '../guarding/snapshot.ts';
import { budgetUses } from '../limits/budget.ts';
import { type ChildEnded, howItEnded, isCapsCut, type ProcessEnd } from './how-it-ended.ts';
import type { LeftByChild } from './keep-what-is-left.ts';
import { acknowledgedIds, signalOutcome } from './kept-signal.ts';
import { filesOutsidePlan, outsidePlanNotice } from './outside-of-plan.ts';

export interface OutcomeReading {
  outcome: Outcome;
  process: ProcessEnd;
  plan: PlanEvidence;
  /** Messages that the child has read. */
  acknowledged: string[];
  /** Changed files that the approved plan does not name. */
  outsidePlan: string[] | undefined;
  /** What people are told of beside the decision. */
  notices: NewEvent[];
}

/** Reads everything that the decision rests on. Changes nothing. */
export async function readOutcome(
  worker: Worker,
  open: OpenIteration,
  { ended, left }: { ended: ChildEnded; left: LeftByChild },
): Promise<OutcomeReading> {
  const { breach, signal, overview, after } = left;
  const process = await howItEnded(worker, open, ended);
  const questions = await readQuestions(worker);
  const plan = await readPlanEvidence(worker);
  const before = await snapshotBefore(worker, open);
  const { outage, messages } = stateOf(worker);
  const treeChanged = before?.worktree?.print !== after.worktree?.print;
  const acknowledged = acknowledgedIds(worker, signal, overview);
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
  const outsidePlan = await filesOutsidePlan(worker, plan);
  const notices = [
    ...mainCheckoutMoves(open.iteration, before, after),
    ...unpriced(worker, open, process),
    ...outsidePlanNotice(worker, outsidePlan),
  ];
  return { outcome, process, plan, acknowledged, notices, outsidePlan };
}

/** Where money is limited, people are told once for each CLI that its cost is a guess or can't be counted. */
function unpriced(
  worker: Pick<Worker, 'file' | 'writer'>,
  { provider, phase, iteration }: Pick<OpenIteration, 'provider' | 'phase' | 'iteration'>,
  { gap, cost }: Pick<ProcessEnd, 'gap' | 'cost'>,
): NewEvent[] {
  const code = `${UNPRICED}${provider}`;
  const state = stateOf(worker);
  // A rehearsal costs nothing.
  if (gap === undefined || provider === 'rehearsal' || state.budgetTold.includes(code)) return [];
  if (!budgetUses(worker, state, { phase }).some(({ cap }) => cap === 'usd')) return [];
  const model = cost.model ?? `the model of ${provider}`;
  const text =
    gap === 'price'
      ? `No price is known for ${model}: to keep the limit on money, it is counted as the most expensive known model of ${provider}. Add its price to ~/.config/samocode/${PRICES_FILE}, in US dollars for a million tokens: {"${model}": {"input": 2, "cached": 0.2, "output": 10}}.`
      : `The agent of iteration ${iteration} (${provider}) reported no tokens, so no limit on money or tokens includes it. MAX_HOURS and MAX_ITERATIONS still apply.`;
  return [{ type: 'notice', code, text, flow: text }];
}
