import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { ALL_FILES_LIMIT_MS, runGit } from '../git/git.ts';
import { removePlantedLinks } from '../git/planted-links.ts';
import { realPathAsFar } from '../git/real-path.ts';
import { commitOf, commonDirOf, type GitContext, gitContextOf } from '../git/repository.ts';
import { listWorktrees } from '../git/worktree-list.ts';
import { CHECKPOINT_ERRORS } from './checkpoint-errors.ts';

export interface BranchMove extends GitContext {
  mainRepo: string;
  worktreePath: string;
  branch: string;
  /** Where to move the branch; absent if it is to have no commit. */
  commit: string | undefined;
}

/**
 * Checks the session's branch out at a commit without touching files: HEAD, branch and index move; a merge or rebase in
 * progress is abandoned. The caller keeps the old tip.
 * @returns the commit, undefined when there is none
 */
export async function moveBranch(move: BranchMove): Promise<string | undefined> {
  const { mainRepo, worktreePath, branch, commit, ...context } = move;
  const options = { ...context, cwd: worktreePath };
  const tolerant = { ...options, allowFailure: true };
  const ref = `refs/heads/${branch}`;
  await removePlantedLinks({ commonDir: await commonDirOf(mainRepo, context), worktreePath });
  for (const given of await operationsToQuit(worktreePath)) await runGit([given, '--quit'], tolerant);
  await runGit(['symbolic-ref', '-m', 'samocode: rewind', 'HEAD', ref], options);
  if (commit === undefined) {
    if ((await commitOf(ref, options)) !== undefined)
      await runGit(['update-ref', '--no-deref', '-d', ref], options);
    await runGit(['read-tree', '--empty'], options);
    return undefined;
  }
  // --no-deref: an agent may have made the branch a symbolic ref.
  await runGit(['update-ref', '--no-deref', '-m', 'samocode: rewind', ref, commit], options);
  await runGit(['reset', '--quiet', '--mixed'], { ...options, timeoutMs: ALL_FILES_LIMIT_MS });
  return commit;
}

/** The operations that need `--quit`; others (a merge, a single pick) end when the index is reset. */
async function operationsToQuit(worktreePath: string): Promise<string[]> {
  const gitDir = (await gitDirOf(worktreePath).catch(() => undefined)) ?? join(worktreePath, '.git');
  const has = async (name: string) => (await ifExists(lstat(join(gitDir, name)))) !== undefined;
  const isRebase = (await has('rebase-merge')) || (await has('rebase-apply'));
  return [...(isRebase ? ['rebase'] : []), ...((await has('sequencer')) ? ['cherry-pick'] : [])];
}

export async function refuseElsewhere(move: Omit<BranchMove, 'commit'>): Promise<void> {
  const { mainRepo, worktreePath, branch } = move;
  const here = await realPathAsFar(worktreePath);
  for (const entry of await listWorktrees(mainRepo, gitContextOf(move))) {
    if (entry.branch !== branch || entry.prunable) continue;
    if ((await realPathAsFar(entry.path)) !== here)
      throw CHECKPOINT_ERRORS.branch_elsewhere({ branch, path: entry.path });
  }
}
