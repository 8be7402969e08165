import { crashPoint } from '../../kernel/fault-points.ts';
import { dropBranch, isAllInTrash } from '../../project/finishing/trash.ts';
import { removeWorktree } from '../../project/worktrees/remove-worktree.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import type { Trash } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenWorkOf } from '../../session/events/open-work.ts';
import { archiveFolder } from '../commands/archive-places.ts';
import { checkpointPlace } from '../record/keep-work.ts';
import type { Worker } from '../state/worker.ts';

/** Removes worktree and branch, if both are still as the ref keeps them; completes the removal after a crash. */
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
}

/** The session has neither branch nor worktree: only its folder is archived. */
export async function discardUnbegun(
  worker: Worker,
  { by }: OpenWorkOf<'discard_unbegun'>,
): Promise<NewEvent[]> {
  const work = { kind: 'archive', by, to: archiveFolder(worker) } as const;
  return [
    { type: 'stopped', by, why: 'discarded before it began' },
    { type: 'finish_asked', work },
  ];
}
