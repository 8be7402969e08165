import { crashPoint } from '../../base/fault-points.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import type { Iteration } from '../core/iteration-files.ts';
import { stopEvents } from '../core/stopped.ts';
import { record, type Worker } from '../core/worker.ts';
import { guardLoop, type LoopVerdict } from '../judging/loop-guard.ts';
import { type NoticedEdits, noticeCodeEdits } from '../judging/notice-code-edits.ts';
import { noteCost } from '../limits/queue.ts';
import { notKept } from '../recording/keep-work.ts';
import { settleEvents } from '../recording/settle.ts';
import { decideChecked } from './decide-checked.ts';
import type { ChildEnded } from './how-it-ended.ts';
import { keepWhatIsLeft, type LeftByChild } from './keep-what-is-left.ts';
import { type OutcomeReading, readOutcome } from './read-outcome.ts';
import { tidyIteration } from './tidy-iteration.ts';

/**
 * Judges a child whose whole tree is gone and commits the result: the second of an iteration's two
 * commit points. Everything it reads is on disk, so after a crash it comes to the same end.
 */
export async function finishIteration(worker: Worker, open: Iteration, ended: ChildEnded): Promise<void> {
  const left = await keepWhatIsLeft(worker, open, ended);
  const reading = await readOutcome(worker, open, { ended, left });
  const { outcome, process, signal, acknowledged } = reading;
  const { overview, kept, repairs, after } = left;
  const said = [...overview.forgeries, ...repairs, ...reading.notices];
  const judged = await judgeOutcome(worker, open, { left, reading });
  if (judged === undefined) {
    // The iteration stays open: whoever goes on comes back here, and the checks run again.
    await record(worker, ...said, ...stopEvents(worker));
    return;
  }
  await noteCost(worker, open.iteration, process.cost.usd);
  crashPoint('before-iteration-ended');
  await record(
    worker,
    ...said,
    ...judged.events,
    ...notKept(kept),
    ...(acknowledged.length > 0 ? [{ type: 'messages_acknowledged' as const, ids: acknowledged }] : []),
    {
      type: 'iteration_ended',
      iteration: open.iteration,
      phase: open.phase,
      ending: reading.ending,
      exitCode: process.exitCode,
      signal,
      signalNotes: reading.signalNotes,
      decision: judged.decision,
      changed: outcome.changed,
      treeChanged: outcome.treeChanged,
      problem: process.problem,
      cost: process.cost,
      durationMs: ended.awakeMs,
      head: after.worktree?.head,
      print: judged.print,
      checkpoint: kept.checkpoint,
      outsidePlan: reading.outsidePlan,
      codeEdits: judged.codeEdits,
      ...overview.lines,
      flowLines: overview.newFlow,
    },
  );
  crashPoint('after-iteration-ended');
  await record(worker, ...(await settleEvents(worker)));
  await tidyIteration(worker, open, { left, acknowledged });
}

interface Judged extends LoopVerdict, NoticedEdits {}

/**
 * What follows an iteration: the decision about its outcome, held against what the last iterations brought.
 * @returns undefined when its checks were stopped
 */
async function judgeOutcome(
  worker: Worker,
  open: OpenIteration,
  { left: { kept, after }, reading }: { left: LeftByChild; reading: OutcomeReading },
): Promise<Judged | undefined> {
  const checked = await decideChecked(worker, open, reading.outcome);
  if (checked === undefined) return undefined;
  const { codeEdits, events: ofEdits } = await noticeCodeEdits(worker, open, after);
  const verdict = guardLoop(worker, checked.decision, { phase: open.phase, kept, ...reading });
  const events: NewEvent[] = [...checked.events, ...ofEdits];
  return { ...verdict, codeEdits, events };
}
