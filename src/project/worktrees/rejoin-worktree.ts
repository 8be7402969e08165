import { lstat, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { refuseElsewhere } from '../checkpoints/move-branch.ts';
import { ALL_FILES_LIMIT_MS, gitSaysYes, runGit } from '../git/git.ts';
import { inspectWorktree, type WorktreePlace } from './inspect-worktree.ts';
import { ensureWorktree, isHalfMade, type WorktreePlan } from './worktree.ts';

/** fine: it stood as it should. rejoined: its files were there, but git did not know them any more. */
export type Rejoined = 'fine' | 'made_again' | 'rejoined';

/**
 * Makes sure that the session's worktree is one, whatever a clean-up did to it: gone, without its `.git` file,
 * or forgotten by the repository. Files that are there stay as they are, HEAD too where it can be read.
 * @throws branch_elsewhere, worktree_folder_taken, branch_name_blocked, GitError
 */
export async function rejoinWorktree(plan: WorktreePlan): Promise<Rejoined> {
  const reading = await inspectWorktree(plan);
  if (reading.kind === 'present') return (await isHalfMade(plan)) ? await madeAgain(plan) : 'fine';
  await refuseElsewhere(plan);
  const pointer = join(plan.worktreePath, '.git');
  const found = await ifExists(lstat(pointer));
  const mayRepair = reading.kind === 'foreign' && !found?.isDirectory();
  // A pipe or a link to nowhere holds nothing, and git takes no step past it.
  if (mayRepair && found && !found.isFile()) await rm(pointer);
  const folder = await ifExists(lstat(plan.worktreePath));
  if (mayRepair && folder?.isDirectory()) {
    if (await repaired(plan)) return 'rejoined';
    await registerAnew(plan);
    return 'rejoined';
  }
  return await madeAgain(plan);
}

async function madeAgain(plan: WorktreePlan): Promise<Rejoined> {
  await ensureWorktree(plan);
  return 'made_again';
}

/** git finds the way back itself while it still has its own notes about the worktree. */
async function repaired(plan: WorktreePlan): Promise<boolean> {
  const { branch: _branch, baseCommit: _base, ...place } = plan;
  await repairWorktree(place);
  return (await inspectWorktree(plan)).kind === 'present';
}

/** Makes a worktree and its repository know each other again after one of them was moved. */
async function repairWorktree({ mainRepo, worktreePath, ...context }: WorktreePlace): Promise<void> {
  const repair = ['worktree', 'repair', '--', worktreePath];
  await runGit(repair, { ...context, cwd: mainRepo, allowFailure: true });
}

/** A fresh registration, made beside the folder and then given to it: git adds none to a folder with files. */
async function registerAnew(plan: WorktreePlan): Promise<void> {
  const { mainRepo, worktreePath, branch, baseCommit, ...context } = plan;
  const options = { ...context, cwd: mainRepo };
  const beside = `${worktreePath}.rejoin`;
  const exists = await gitSaysYes(['show-ref', '--verify', '--quiet', `refs/heads/${branch}`], options);
  const start = exists ? [branch] : [baseCommit];
  const add = ['worktree', 'add', '--quiet', '--force', '--no-checkout', ...(exists ? [] : ['-b', branch])];
  await runGit([...add, '--', beside, ...start], options);
  await writeWhole(join(worktreePath, '.git'), await readFile(join(beside, '.git')));
  await rm(beside, { recursive: true });
  await runGit(['worktree', 'repair', '--', worktreePath], options);
  const reset = { ...context, cwd: worktreePath, timeoutMs: ALL_FILES_LIMIT_MS };
  await runGit(['reset', '--quiet', '--mixed'], reset);
}
