import { listed, visibleControls } from '../../base/plain-words.ts';
import { withEnding } from '../../phases/outage.ts';
import type { Outcome } from '../../phases/outcome.ts';
import { changedPaths } from '../../project/worktrees/changes.ts';
import type { EventBody } from '../../session/events/bodies/event-types.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { outsidePlanFiles } from '../../session/proof/plan-files.ts';
import { branchTip, type PlanEvidence, readPlanEvidence, readQuestions } from '../core/evidence.ts';
import type { Iteration } from '../core/iteration-files.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { mainCheckoutMoves } from '../guarding/changes-by-agent.ts';
import { snapshotBefore } from '../guarding/snapshot.ts';
import { reachesLimit } from '../limits/budget.ts';
import { unpriced } from '../limits/cost-of.ts';
import { baseOfWork } from '../proving/check-facts.ts';
import { type ChildEnded, howItEnded, type ProcessEnd } from './how-it-ended.ts';
import type { LeftByChild } from './keep-what-is-left.ts';
import { acknowledgedIds, notesAbout, signalOutcome } from './kept-signal.ts';

export interface OutcomeReading
  extends Pick<EventBody<'iteration_ended'>, 'ending' | 'signal' | 'signalNotes' | 'outsidePlan'> {
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
  open: Iteration,
  { ended, left }: { ended: ChildEnded; left: LeftByChild },
): Promise<OutcomeReading> {
  const { breach, overview, after } = left;
  const process = await howItEnded(worker, open, ended);
  const questions = await readQuestions(worker);
  const plan = await readPlanEvidence(worker);
  const before = await snapshotBefore(worker, open);
  const { outage, messages } = stateOf(worker);
  const treeChanged = before?.worktree?.print !== after.worktree?.print;
  const acknowledged = acknowledgedIds(worker, left.signal, overview);
  const outcome: Outcome = {
    end: process.end,
    signal: signalOutcome(left.signal),
    breach,
    stopAsked: ended.end === 'stop',
    // The CLI may have kept the limit that we gave it before we came to it.
    capCut:
      process.end === 'budget' &&
      (ended.end === 'budget' || reachesLimit(worker, open, { ...process, durationMs: ended.awakeMs })),
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
  const signal = left.signal.kind === 'signal' ? left.signal.signal : undefined;
  const ending = signal ? 'signalled' : process.end;
  const signalNotes = notesAbout(left.signal);
  return { outcome, process, ending, signal, signalNotes, plan, acknowledged, notices, outsidePlan };
}

const MOST = 100;
const MOST_NAMED = 10;

/** Files that the branch has changed for its goal and the approved plan does not name; undefined where no plan is approved. */
export async function filesOutsidePlan(
  worker: Worker,
  { text, outcome }: Pick<PlanEvidence, 'text' | 'outcome'>,
): Promise<string[] | undefined> {
  const base = baseOfWork(stateOf(worker));
  if (text === undefined || !outcome.approved || base === undefined) return undefined;
  const options = { ...worker.git.context, cwd: worker.file.mainRepo };
  const head = await branchTip(worker);
  if (head === undefined) return undefined;
  return outsidePlanFiles(text, await changedPaths({ ...options, base, head })).slice(0, MOST);
}

/** Reports those that were not reported before. */
function outsidePlanNotice(worker: Pick<Worker, 'writer'>, outside: readonly string[] = []): NewEvent[] {
  const { outsidePlan: known = [] } = stateOf(worker);
  const files = outside.filter((path) => !known.includes(path));
  if (files.length === 0) return [];
  const text = `Changed, although the plan does not name them: ${listed(files.map(visibleControls), MOST_NAMED)}`;
  return [{ type: 'notice', code: 'outside_plan', text, flow: text }];
}
