import { capitalised } from '../../kernel/text.ts';
import { isBegun, restoreCheckpoint } from '../../project/checkpoints/restore-checkpoint.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { describeRewind, REWIND_HALFWAY } from '../../session/events/fold-rewound.ts';
import { describeRewoundRounds } from '../../session/events/rounds.ts';
import { blockedEvent } from '../core/blocked.ts';
import { lastingFailure } from '../core/passing-errors.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { repairMissingWorktree } from '../guarding/restore-worktree.ts';
import { type CheckpointPlace, checkpointPlace } from '../recording/keep-work.ts';
import { keepRestoredPlan } from '../recording/plan-approved.ts';

/**
 * Restores the files of an accepted rewind; after a crash the next worker continues it. If it fails before the first
 * file is moved, nothing has changed; a later error blocks the session, and a resume repeats the rewind.
 */
export async function performRewind(worker: Worker): Promise<void> {
  const { rewind } = stateOf(worker);
  const place = checkpointPlace(worker);
  if (rewind === undefined || place === undefined) return;
  const { to, commit, n } = rewind;
  try {
    await worker.git.unaccepted(place.worktreePath);
    await record(worker, ...(await repairMissingWorktree(worker)));
    const done = await restoreCheckpoint({ ...place, ...worker.git.context, commit, id: String(n) });
    await keepRestoredPlan(worker);
    const { undo, skipped, head } = done;
    const leftOut = skipped.slice(0, 100);
    const rounds = describeRewoundRounds(stateOf(worker), rewind.back);
    const flow = `${capitalised(describeRewind(to))}; the state before is kept as ${undo.ref}${rounds}`;
    await record(worker, { type: 'rewound', to, undo, leftOut, head, flow });
  } catch (error) {
    const { code, message } = lastingFailure(worker, error, 'resume the session');
    const event: NewEvent = (await mayBeHalfway(worker, place, n))
      ? halfway(worker, message)
      : { type: 'rewind_failed', to, code, reason: message };
    await record(worker, event);
  }
}

/** Whether files may have been moved; true if git cannot determine it. */
async function mayBeHalfway(worker: Worker, place: CheckpointPlace, n: number): Promise<boolean> {
  const { status } = stateOf(worker);
  // Another rewind had failed halfway before this one was requested.
  if (status.kind === 'blocked' && status.rule === REWIND_HALFWAY) return true;
  return await isBegun({ ...place, id: String(n) }).catch(() => true);
}

function halfway(worker: Worker, message: string): NewEvent {
  const reason = `The rewind failed after it had restored some of the files. ${message} A resume completes the rewind; a rewind with undo reverts it.`;
  const { phase } = stateOf(worker).progress;
  return blockedEvent({ phase, reason, needs: 'error_resolution', rule: REWIND_HALFWAY });
}
