import { isoUtc } from '../../base/clock.ts';
import { crashPoint } from '../../base/fault-points.ts';
import { refuseElsewhere } from '../../project/checkpoints/move-branch.ts';
import {
  dropBranch,
  fillTrash,
  isAllInTrash,
  pruneTrash,
  restoreBranch,
  restoreDiscardedFiles,
  TRASH_DAYS,
} from '../../project/finishing/trash.ts';
import { removeWorktree } from '../../project/worktrees/remove-worktree.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { type FinishFacts, joinNames, refuseWorktreeRemoval } from '../../session/commands/judge-finish.ts';
import { type Refused, refused } from '../../session/commands/judge-kind.ts';
import type { Trash } from '../../session/events/bodies/event-types.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { repairMissingWorktree } from '../guarding/restore-worktree.ts';
import { checkpointPlace } from '../recording/keep-work.ts';

/** Removes an archived session's worktree; the branch stays. @throws worktree_foreign, would_lose_work */
export async function removeOwnWorktree(worker: Worker): Promise<void> {
  const path = stateOf(worker).worktree?.path;
  if (path === undefined) return;
  const { mainRepo } = worker.file;
  const reading = await removeWorktree({ mainRepo, worktreePath: path, ...worker.git.context });
  const refusal = refuseWorktreeRemoval({ path, reading });
  if (refusal) throw refusal.error;
}

const DAY_MS = 24 * 60 * 60_000;

/** Records branch and worktree in the trash without changing them. */
export async function intoTrash(
  worker: Worker,
  { path: worktreePath, reading }: NonNullable<FinishFacts['worktree']>,
): Promise<{ trash: Trash; notices: NewEvent[] } | Refused> {
  const place = checkpointPlace(worker);
  if (place === undefined) throw new Error('A session without a worktree has nothing for the trash.');
  const { mainRepo } = worker.file;
  const { branch } = place;
  await refuseElsewhere({ mainRepo, worktreePath, branch, ...worker.git.context });
  const notices = await repairMissingWorktree(worker);
  const filled = await fillTrash({ ...place, mainRepo, worktreePath });
  if (filled.kind === 'not_all')
    return refused(COMMAND_ERRORS.not_for_trash({ path: worktreePath, names: joinNames(filled.skipped) }));
  crashPoint('discard-kept');
  const uncommitted = reading.kind === 'present' ? reading.uncommitted.map(({ path }) => path) : [];
  const until = isoUtc(worker.clock.now() + TRASH_DAYS * DAY_MS);
  return { trash: { ...filled.kept, branch, uncommitted: uncommitted.slice(0, 100), until }, notices };
}

/** Removes worktree and branch once both are in the trash; completes the removal after a crash. */
export async function removeDiscarded(worker: Worker, trash: Trash): Promise<void> {
  const place = checkpointPlace(worker);
  if (place === undefined) return;
  const { mainRepo, worktreePath } = place;
  const { branch, tip } = trash;
  const context = worker.git.context;
  const facts = { mainRepo, worktreePath, ...context };
  const removed = await removeWorktree(facts, () => isAllInTrash(place, { ...trash, head: trash.head }));
  if (removed.kind === 'foreign' || removed.kind === 'would_lose')
    throw COMMAND_ERRORS.changed_meanwhile({ path: worktreePath });
  crashPoint('discard-worktree-gone');
  await dropBranch({ mainRepo, branch, ...context }, tip);
  crashPoint('discard-branch-gone');
  // Old entries are harmless.
  await pruneTrash({ mainRepo, ...context }, worker.clock.now()).catch(() => []);
}

/** Restores branch and worktree from the trash; completes the restore after a crash. */
export async function restoreDiscarded(
  worker: Worker,
  { branch, tip, commit, uncommitted }: Trash,
): Promise<void> {
  const place = checkpointPlace(worker);
  if (place === undefined) return;
  await restoreBranch({ mainRepo: place.mainRepo, branch, ...worker.git.context }, tip);
  crashPoint('restore-branch-made');
  // A clean worktree is created when the session continues.
  if (uncommitted.length === 0) return;
  await repairMissingWorktree(worker);
  await restoreDiscardedFiles(place, commit);
  crashPoint('restore-files-made');
}
