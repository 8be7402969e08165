import type { finishSession } from '../../../core/acts/finish/finish-session.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { ACTION_ERRORS } from '../../../core/caller/errors/action-errors.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';

/** Whether the branch of a session is still at the commit at which it began. */
export async function isUnchanged(
  { state: { worktree, pullRequest }, sessionFile }: SessionView,
  { env: baseEnv }: ActionContext,
): Promise<boolean> {
  if (worktree === undefined || sessionFile === undefined || pullRequest !== undefined) return false;
  const tip = ['rev-parse', '--verify', '--quiet', `refs/heads/${worktree.branch}`];
  const git = { baseEnv, cwd: sessionFile.mainRepo, allowFailure: true };
  return (await gitLine(tip, git)) === worktree.baseCommit;
}

/**
 * Archives a session whose run changed nothing.
 * @returns false if that was refused, as for one with uncommitted files
 */
export async function archiveUnchanged(
  { folder, sessionFile }: SessionView,
  finish: typeof finishSession,
  context: ActionContext,
): Promise<boolean> {
  const question = { session: folder, projectDir: sessionFile?.configPath };
  try {
    await finish({ ...question, how: 'keep_branch', keep: [] }, context);
    return true;
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    // Its worker has accepted it, and is just slow.
    return ACTION_ERRORS.pending.is(error);
  }
}
