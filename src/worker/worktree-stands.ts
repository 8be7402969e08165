import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists, isSamocodeError } from '../base/errors.ts';
import { ensureWorktree } from '../project/worktree.ts';
import { record, stateOf, type Worker } from './worker.ts';

/** Makes a worktree that has vanished again, from its branch. @returns false when the session is blocked for it */
export async function worktreeStands(worker: Worker): Promise<boolean> {
  const { worktree, progress } = stateOf(worker);
  if (worktree === undefined || (await ifExists(lstat(join(worktree.path, '.git')))) !== undefined)
    return true;
  try {
    const { mainRepo } = worker.file;
    const { path: worktreePath, branch, baseCommit } = worktree;
    await ensureWorktree({ mainRepo, worktreePath, branch, baseCommit, ...worker.git.context });
    const text = `The worktree was gone; it was made again from branch ${branch}.`;
    await record(worker, { type: 'notice', code: 'worktree_made_again', text, flow: text });
    return true;
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    const reason = `The worktree is gone and can't be made again. ${error.what} ${error.why} ${error.hint}`;
    const { phase } = progress;
    await record(worker, { type: 'blocked', phase, reason, needs: 'error_resolution', rule: error.code });
    return false;
  }
}
