import { crashPoint } from '../../kernel/fault-points.ts';
import { refuseElsewhere } from '../../project/checkpoints/move-branch.ts';
import { fillTrash } from '../../project/finishing/trash.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { type FinishFacts, joinNames } from '../../session/commands/judge-finish.ts';
import { type Refused, refused } from '../../session/commands/judge-kind.ts';
import type { Trash } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Worker } from '../core/worker.ts';
import { repairMissingWorktree } from '../guarding/restore-worktree.ts';
import { checkpointPlace } from '../recording/keep-work.ts';

/** Keeps branch and worktree under a ref, without changing them. */
export async function moveToTrash(
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
  return { trash: { ...filled.kept, branch, uncommitted: uncommitted.slice(0, 100) }, notices };
}
