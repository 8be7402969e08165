import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { crashPoint } from '../../base/fault-points.ts';
import { namesAt } from '../../base/files/look-at.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { stopEvents } from '../core/stopped.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { putAwayOldFlow } from '../documents/old-flow.ts';
import { noticeCodeEdits } from '../judging/code-edits.ts';
import { heldToComparison } from '../judging/held-to-comparison.ts';
import { guardLoop } from '../judging/loop-guard.ts';
import { noteCost } from '../limits/day-spent.ts';
import { commitReadableFiles, type KeptWork, notKept, tidyCheckpoints } from '../recording/keep-work.ts';
import { keepLook } from '../recording/last-look.ts';
import { putAwayMessages } from '../recording/messages.ts';
import { settleEvents } from '../recording/settle.ts';
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
  const { outcome, process, plan, acknowledged, notices, outsidePlan } = await readOutcome(worker, open, {
    ended,
    left,
  });
  const { signal, overview, kept, repairs, after } = left;
  const said = [...overview.forgeries, ...repairs, ...notices];
  const checked = await decideChecked(worker, open, outcome);
  if (checked === undefined) {
    // The iteration stays open: whoever goes on comes back here, and the checks run again.
    await record(worker, ...said, ...stopEvents(worker));
    return;
  }
  const recorded = signal.kind === 'signal' ? signal.signal : undefined;
  const ending = recorded ? 'signalled' : process.end;
  const question = { phase: open.phase, signal: recorded, ending, kept, plan };
  const held = await heldToComparison(worker, open, { decision: checked.decision, after });
  const noticed = await noticeCodeEdits(worker, open, after);
  const { decision, print } = guardLoop(worker, held.decision, question);
  await noteCost(worker, open.iteration, process.cost.usd);
  crashPoint('before-iteration-ended');
  await record(
    worker,
    ...said,
    ...checked.events,
    ...held.events,
    ...noticed.events,
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
      comparison: held.comparison,
      checkpoint: kept.checkpoint,
      outsidePlan,
      codeEdits: noticed.codeEdits,
      ...overview.lines,
      flowLines: overview.newFlow,
    },
  );
  crashPoint('after-iteration-ended');
  await record(worker, ...(await settleEvents(worker)));
  await tidyIteration(worker, open, { kept, acknowledged });
  keepLook(worker, after);
}

/** The work that follows a recorded end: what a crash leaves of it does no harm. */
async function tidyIteration(
  worker: Worker,
  { iteration, phase }: OpenIteration,
  { kept, acknowledged }: { kept: KeptWork; acknowledged: readonly string[] },
): Promise<void> {
  await putAwayMessages(worker, acknowledged);
  await putAwayOldFlow(worker.paths, { n: stateOf(worker).n, all: false });
  await commitReadableFiles(worker);
  removeOldIterations(worker.paths, iteration);
  if (kept.checkpoint === undefined) return;
  const endsPhase = stateOf(worker).progress.phase === phase ? undefined : phase;
  await tidyCheckpoints(worker, { iteration, commit: kept.checkpoint.commit, endsPhase });
}

/** So many of the newest: for whoever looks why an agent did what it did. A worker itself asks for the last one alone. */
export const KEPT_ITERATIONS = 20;

/**
 * Removes the machine files of iterations that ended long ago; what counts of them stands in the events, and what
 * their agents printed in `_logs/`. What can't be removed only takes room.
 */
export function removeOldIterations({ iterations }: Pick<SessionPaths, 'iterations'>, ended: number): void {
  for (const name of namesAt(iterations) ?? []) {
    if (!/^\d{3,9}$/.test(name) || Number(name) > ended - KEPT_ITERATIONS) continue;
    try {
      rmSync(join(iterations, name), { recursive: true, force: true });
    } catch {
      return;
    }
  }
}
