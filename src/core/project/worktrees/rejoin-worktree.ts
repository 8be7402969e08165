import { lstat, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { refuseElsewhere } from '../checkpoints/move-branch.ts';
import { ALL_FILES_LIMIT_MS, gitSaysYes, runGit } from '../git/git.ts';
import { removeTree } from '../git/remove-tree.ts';
import { gitContextOf } from '../git/repository.ts';
import { inspectWorktree, type WorktreePlace } from './inspect-worktree.ts';
import { ensureWorktree, isHalfMade, type WorktreePlan } from './worktree.ts';

/** fine: nothing to do. rejoined: its files existed, but git no longer had it registered. */
export type Rejoined = 'fine' | 'recreated' | 'rejoined';

/**
 * Restores a session's worktree that is deleted, lacks its `.git` file, or is unknown to the repository, as after a
 * clean-up. Existing files stay, and HEAD if it can be read.
 */
export async function rejoinWorktree(plan: WorktreePlan): Promise<Rejoined> {
  await clearBeside(plan);
  const reading = await inspectWorktree(plan);
  if (reading.kind === 'present') return (await isHalfMade(plan)) ? await recreate(plan) : 'fine';
  await refuseElsewhere(plan);
  const pointer = join(plan.worktreePath, '.git');
  const found = await ifExists(lstat(pointer));
  const mayRepair = reading.kind === 'foreign' && !found?.isDirectory();
  // A pipe or a broken link has no content, and git fails on it.
  if (mayRepair && found && !found.isFile()) await rm(pointer);
  const folder = await ifExists(lstat(plan.worktreePath));
  if (mayRepair && folder?.isDirectory()) {
    if (await repaired(plan)) return 'rejoined';
    await registerAgain(plan);
    return 'rejoined';
  }
  return await recreate(plan);
}

async function recreate(plan: WorktreePlan): Promise<Rejoined> {
  await ensureWorktree(plan);
  return 'recreated';
}

/** git can repair it as long as it still has its records of the worktree. */
async function repaired(plan: WorktreePlan): Promise<boolean> {
  await repairWorktree(plan);
  return (await inspectWorktree(plan)).kind === 'present';
}

/** Reconnects a worktree and its repository after one of them was moved. */
async function repairWorktree({ mainRepo, worktreePath, ...place }: WorktreePlace): Promise<void> {
  const context = gitContextOf(place);
  const repair = ['worktree', 'repair', '--', worktreePath];
  await runGit(repair, { ...context, cwd: mainRepo, allowFailure: true });
}

/** Registers a new worktree beside the folder, then points it to the folder: git adds none in a folder with files. */
async function registerAgain(plan: WorktreePlan): Promise<void> {
  const { mainRepo, worktreePath, branch, baseCommit, ...context } = plan;
  const options = { ...context, cwd: mainRepo };
  const beside = besideOf(plan);
  const exists = await gitSaysYes(['show-ref', '--verify', '--quiet', `refs/heads/${branch}`], options);
  const start = exists ? [branch] : [baseCommit];
  const add = ['worktree', 'add', '--quiet', '--force', '--no-checkout', ...(exists ? [] : ['-b', branch])];
  await runGit([...add, '--', beside, ...start], options);
  // The index first: the worktree is usable as soon as its pointer is there.
  const reset = { ...context, cwd: beside, timeoutMs: ALL_FILES_LIMIT_MS };
  await runGit(['reset', '--quiet', '--mixed'], reset);
  await writeWhole(join(worktreePath, '.git'), await readFile(join(beside, '.git')));
  await runGit(['worktree', 'repair', '--', worktreePath], options);
  await removeTree(beside);
}

function besideOf({ worktreePath }: Pick<WorktreePlace, 'worktreePath'>): string {
  return `${worktreePath}.rejoin`;
}

/** Ends a registration that was interrupted: the folder's pointer may be in place, but not yet git's way back. */
async function clearBeside(plan: WorktreePlan): Promise<void> {
  const beside = besideOf(plan);
  if (statsAt(beside) === undefined) return;
  await repairWorktree(plan);
  await removeTree(beside);
}
