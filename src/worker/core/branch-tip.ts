import { commitOf } from '../../project/git/repository.ts';
import { stateOf, type Worker } from './worker.ts';

/** The commit at the end of the session's branch; undefined without a branch, or where it is gone. */
export async function branchTip(worker: Worker): Promise<string | undefined> {
  const { worktree } = stateOf(worker);
  const options = { ...worker.git.context, cwd: worker.file.mainRepo };
  return worktree && (await commitOf(`refs/heads/${worktree.branch}`, options));
}
