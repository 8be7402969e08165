import type { ActionContext } from '../../../core/caller/context/context.ts';
import { safeGit } from '../../../core/caller/context/session-branch.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import type { PullRequestFact } from '../../../core/session/events/bodies/positions.ts';
import { openRound } from '../../../core/session/events/rounds.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import type { PullRequestSummary } from '../forge/forge.ts';
import { fetchPublished } from '../publish/published-branch.ts';

/** The commits of the session's branch that a merged pull request does not contain; undefined if none, or if unknown. */
export async function missingFromMerge(
  view: SessionView,
  { head, baseBranch }: PullRequestSummary,
  { context, signal }: { context: ActionContext; signal: AbortSignal | undefined },
): Promise<PullRequestFact['missing']> {
  const { state, sessionFile } = view;
  if (state.worktree === undefined || sessionFile === undefined) return undefined;
  const git = { ...(await safeGit(view, context)), ...(signal && { signal }) };
  const range = `${head}..refs/heads/${state.worktree.branch}`;
  const options = { ...git, cwd: sessionFile.mainRepo, allowFailure: true };
  const count = async () => await gitLine(['rev-list', '--count', '--end-of-options', range], options);
  // Others may have pushed the head.
  const counted = (await count()) || (await fetchPublished(view, baseBranch, git).then(count, () => ''));
  const commits = Number(counted);
  return commits > 0 ? { round: openRound(state)?.number, commits } : undefined;
}
