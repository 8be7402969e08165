import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere } from '../base/errors.ts';
import { gitDirOf, isOwnGitDir, sharedDirOf } from '../base/git-pointer.ts';
import { record, stateOf, type Worker } from './worker.ts';

/** What git leaves behind in a worktree's own folder when it is killed. */
const LOCKS = ['index.lock', 'HEAD.lock'];

/**
 * Removes the locks that a killed git left: in this worktree's own git folder, and that of the session's branch,
 * which only this worktree moves. The agent's processes are verified dead; other locks of the shared folder may be
 * those of a git that runs.
 */
export async function removeStaleLocks(worker: Worker): Promise<void> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return;
  try {
    const gitDir = await gitDirOf(worktree.path);
    // The lock of another worktree, or of the main checkout, may be one of a git that runs.
    if (gitDir === undefined || !(await isOwnGitDir(worktree.path, gitDir))) return;
    const shared = (await sharedDirOf(gitDir)) ?? gitDir;
    const paths = [
      ...LOCKS.map((lock) => join(gitDir, lock)),
      join(shared, 'refs/heads', `${worktree.branch}.lock`),
    ];
    for (const path of paths) ifThere(() => unlinkSync(path));
  } catch (error) {
    const text = `Stale locks were not looked for: ${error instanceof Error ? error.message : error}`;
    await record(worker, { type: 'notice', code: 'locks', text: text.slice(0, 500) });
  }
}
