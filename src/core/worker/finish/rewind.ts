import { capitalised } from '../../kernel/text.ts';
import { isBegun, restoreCheckpoint } from '../../project/checkpoints/restore-checkpoint.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { describeRewind, REWIND_HALFWAY } from '../../session/events/fold-rewound.ts';
import type { OpenWorkOf } from '../../session/events/open-work.ts';
import { describeRewoundRounds } from '../../session/events/rounds.ts';
import { repairMissingWorktree } from '../guarding/restore-worktree.ts';
import { type CheckpointPlace, checkpointPlace } from '../record/keep-work.ts';
import { keepRestoredPlan } from '../record/plan-approved.ts';
import type { Failure } from '../state/extension.ts';
import { blockedEvent } from '../state/interrupts.ts';
import { provingOf, record, stateOf, type Worker } from '../state/worker.ts';

/**
 * Restores the files of an accepted rewind; after a crash the next worker continues it. If it fails before the first
 * file is moved, nothing has changed; a later error blocks the session, and a resume repeats the rewind.
 */
export async function performRewind(
  worker: Worker,
  { to, commit, n, back }: OpenWorkOf<'rewind'>,
): Promise<NewEvent[]> {
  const place = placeOf(worker);
  await worker.git.unaccepted(place.worktreePath);
  await record(worker, ...(await repairMissingWorktree(worker)));
  const done = await restoreCheckpoint({ ...place, ...worker.git.context, commit, id: String(n) });
  await keepRestoredPlan(worker, back);
  const { undo, skipped, head } = done;
  const leftOut = skipped.slice(0, 100);
  const rounds = describeRewoundRounds(stateOf(worker), back);
  const data = provingOf(worker).application?.services.length
    ? '; the data of its services stays as it is'
    : '';
  const flow = `${capitalised(describeRewind(to))}; the state before is kept as ${undo.ref}${rounds}${data}`;
  return [{ type: 'rewound', to, undo, leftOut, head, flow }];
}

export async function rewindFailed(
  { to, n }: OpenWorkOf<'rewind'>,
  { code, message }: Failure,
  worker: Worker,
): Promise<NewEvent> {
  return (await mayBeHalfway(worker, n))
    ? halfway(worker, message)
    : { type: 'rewind_failed', to, code, reason: message };
}

function placeOf(worker: Worker): CheckpointPlace {
  const place = checkpointPlace(worker);
  if (place === undefined) throw new Error('A session without a worktree cannot be rewound.');
  return place;
}

/** Whether files may have been moved; true if git cannot determine it. */
async function mayBeHalfway(worker: Worker, n: number): Promise<boolean> {
  const { status } = stateOf(worker);
  // Another rewind had failed halfway before this one was requested.
  if (status.kind === 'blocked' && status.rule === REWIND_HALFWAY) return true;
  return await isBegun({ ...placeOf(worker), id: String(n) }).catch(() => true);
}

function halfway(worker: Worker, message: string): NewEvent {
  const reason = `The rewind failed after it had restored some of the files. ${message} A resume completes the rewind; a rewind with undo reverts it.`;
  const { phase } = stateOf(worker).progress;
  return blockedEvent({ phase, reason, needs: 'error_resolution', rule: REWIND_HALFWAY });
}
