import { lstat, realpath } from 'node:fs/promises';
import { ifExists } from '../../base/errors.ts';
import { gitDirOf, isOwnGitDir } from '../../base/files/git-pointer.ts';
import { hiddenChanges } from '../checkpoints/hidden-changes.ts';
import { gitLine, runGit } from '../git/git.ts';
import { type GitContext, readRepository } from '../git/repository.ts';
import { parseStatus, type StatusEntry } from '../git/status-entries.ts';

export interface WorktreePlace extends GitContext {
  mainRepo: string;
  worktreePath: string;
}

export type WorktreeReading =
  | { kind: 'missing' }
  /** Something stands there that is no worktree of MAIN_REPO: it is neither used nor removed. */
  | { kind: 'foreign'; problem: string }
  | {
      kind: 'present';
      /** Absent when no branch is checked out. */
      branch?: string;
      head: string;
      /** What no commit holds yet; ignored files are not among it. */
      uncommitted: readonly StatusEntry[];
      /** Commits that no branch, tag or remote reaches: they would be lost with the worktree. */
      unreachedCommits: number;
    };

/** What stands at a session's worktree path. Changes nothing. */
export async function inspectWorktree(place: WorktreePlace): Promise<WorktreeReading> {
  const { mainRepo, worktreePath, ...context } = place;
  const found = await ifExists(lstat(worktreePath));
  if (!found) return { kind: 'missing' };
  if (!found.isDirectory()) return { kind: 'foreign', problem: 'It is a file or a link, not a folder.' };
  const problem = await notOurWorktree(place);
  if (problem) return { kind: 'foreign', problem };
  const options = { ...context, cwd: worktreePath };
  const status = ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=normal'];
  const { head = '', branch, entries } = parseStatus((await runGit(status, options)).stdout);
  const unreached = ['rev-list', '--count', 'HEAD', '--not', '--branches', '--tags', '--remotes'];
  return {
    kind: 'present',
    head,
    ...(branch ? { branch } : {}),
    uncommitted: [...entries, ...(await hiddenChanges(worktreePath, context))],
    unreachedCommits: branch || !head ? 0 : Number(await gitLine(unreached, options)),
  };
}

// A worktree that lost its .git file lies inside MAIN_REPO in the usual layout, and git would then speak of
// MAIN_REPO itself: what it says counts only if this folder is the top.
async function notOurWorktree({
  mainRepo,
  worktreePath,
  ...context
}: WorktreePlace): Promise<string | undefined> {
  const here = await readRepository(worktreePath, context);
  if (here.kind === 'none' || here.kind === 'bare') return 'It is not a git working copy.';
  if (here.toplevel !== (await realpath(worktreePath))) return 'Its .git file is gone.';
  const main = await readRepository(mainRepo, context);
  if (main.kind === 'none' || main.kind === 'bare') return 'MAIN_REPO is not a git working copy.';
  if (here.commonDir !== main.commonDir) return 'It belongs to another repository.';
  if (here.toplevel === main.toplevel) return 'It is MAIN_REPO itself.';
  const gitDir = await gitDirOf(worktreePath);
  const isOwn = gitDir !== undefined && (await isOwnGitDir(worktreePath, gitDir));
  return isOwn ? undefined : 'Its .git points to MAIN_REPO itself or to another worktree.';
}
