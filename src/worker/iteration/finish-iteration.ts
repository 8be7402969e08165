import { crashPoint } from '../../base/fault-points.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { stopEvents } from '../core/stopped.ts';
import { record, type Worker } from '../core/worker.ts';
import { guardLoop } from '../judging/loop-guard.ts';
import { noteCost } from '../limits/day-spent.ts';
import { notKept } from '../recording/keep-work.ts';
import { keepLook } from '../recording/last-look.ts';
import { settleEvents } from '../recording/settle.ts';
import { tidyIteration } from '../recording/tidy-iteration.ts';
import { decideChecked } from './decide-checked.ts';
import type { ChildEnded } from './how-it-ended.ts';
import { keepWhatIsLeft } from './keep-what-is-left.ts';
import { notesAbout } from './kept-signal.ts';
import { readOutcome } from './read-outcome.ts';

/**
 * Judges a child whose whole tree is gone and commits the result: the second of an iteration's two
 * commit points. Everything it reads is on disk, so after a crash it comes to the same end.
 */
export async function finishIteration(worker: Worker, open: OpenIteration, ended: ChildEnded): Promise<void> {
  const left = await keepWhatIsLeft(worker, open, ended);
  const { outcome, process, plan, acknowledged, notices } = await readOutcome(worker, open, { ended, left });
  const { signal, notebook, kept, repairs, after } = left;
  const said = [...notebook.forgeries, ...repairs, ...notices];
  const decided = await decideChecked(worker, outcome);
  if (decided === undefined) {
    // The iteration stays open: whoever goes on comes back here, and the checks run again.
    await record(worker, ...said, ...stopEvents(worker));
    return;
  }
  const recorded = signal.kind === 'signal' ? signal.signal : undefined;
  const ending = recorded ? 'signalled' : process.end;
  const question = { phase: open.phase, signal: recorded, ending, kept, plan };
  const { decision, print } = guardLoop(worker, decided, question);
  await noteCost(worker, open.iteration, process.cost.usd);
  crashPoint('before-iteration-ended');
  await record(
    worker,
    ...said,
    ...notKept(kept),
    ...(acknowledged.length > 0 ? [{ type: 'messages_acknowledged' as const, ids: acknowledged }] : []),
    {
      type: 'iteration_ended',
      iteration: open.iteration,
      phase: open.phase,
      ending,
      exitCode: process.exitCode,
      signal: recorded,
      signalNotes: notesAbout(signal),
      decision,
      changed: outcome.changed,
      treeChanged: outcome.treeChanged,
      problem: process.problem,
      cost: process.cost,
      durationMs: ended.awakeMs,
      head: after.worktree?.head,
      print,
      checkpoint: kept.checkpoint,
      ...notebook.lines,
      flowLines: notebook.newFlow,
    },
  );
  crashPoint('after-iteration-ended');
  await record(worker, ...(await settleEvents(worker)));
  await tidyIteration(worker, open, { kept, acknowledged });
  keepLook(worker, after);
}
