import { isGitError } from '../../project/git/git-errors.ts';
import { type Commits, commitsSince } from '../../project/worktrees/changes.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../acting/context.ts';
import { safeGit } from '../acting/safe-git.ts';

/** The newest commits of a session's branch; none where there is no branch any more, or not yet. */
export async function recentCommits(
  view: SessionView,
  max: number,
  context: ActionContext,
): Promise<Commits> {
  const { sessionFile, state } = view;
  const none = { commits: [], total: 0 };
  if (sessionFile === undefined || state.worktree === undefined) return none;
  const { baseCommit: base, branch } = state.worktree;
  try {
    const git = await safeGit(view, context);
    return await commitsSince({ ...git, cwd: sessionFile.mainRepo, base, head: `refs/heads/${branch}` }, max);
  } catch (error) {
    if (isGitError(error)) return none;
    throw error;
  }
}
