import { type Commits, commitsSince } from '../../project/worktrees/changes.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../acting/context.ts';
import { branchOfSession, unlessGitFails } from '../acting/session-branch.ts';

const NONE: Commits = { commits: [], total: 0 };

/** The newest commits of a session's branch; none where there is no branch any more, or not yet. */
export async function recentCommits(
  view: SessionView,
  max: number,
  context: ActionContext,
): Promise<Commits> {
  return await unlessGitFails(async () => {
    const own = await branchOfSession(view, context);
    return own ? await commitsSince({ ...own.git, base: own.baseCommit, head: own.ref }, max) : NONE;
  }, NONE);
}
