import { NETWORK_LIMIT_MS } from '../../forge/gh.ts';
import { pullRequestRefs } from '../../project/checkpoints/checkpoint-refs.ts';
import { gitLine, gitSaysYes, runGit } from '../../project/git/git.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { unattended } from '../../project/git/unattended.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { refNameOf } from '../../session/layout/names.ts';

export interface PublishedBranch {
  /** The head of the pull request, and the tip of its base branch. */
  head: string;
  base: string;
  /** The tip of the session's branch here. */
  tip: string;
  /**
   * `contained`: the branch here has all of the head. `joinable`: others have added to it, so that it can be taken over.
   * `replaced`: what samocode pushed is not in it any more.
   */
  relation: 'contained' | 'joinable' | 'replaced';
}

/**
 * Fetches the head and the base of a session's pull request and compares them with its branch.
 * @throws GitError
 */
export async function fetchPublished(
  { sessionFile, state: { pullRequest, worktree } }: SessionView,
  baseBranch: string,
  git: GitContext,
): Promise<PublishedBranch | undefined> {
  if (sessionFile === undefined || pullRequest === undefined || worktree === undefined) return undefined;
  const { repository, number, pushed } = pullRequest;
  const { url, config } = unattended(repository);
  const refs = pullRequestRefs(refNameOf(sessionFile));
  const options = { ...git, cwd: sessionFile.mainRepo };
  const how = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
  const wanted = [`+refs/pull/${number}/head:${refs.head}`, `+refs/heads/${baseBranch}:${refs.base}`];
  const online = { ...options, config: [...(git.config ?? []), ...config], timeoutMs: NETWORK_LIMIT_MS };
  await runGit(['fetch', ...how, '--upload-pack=git-upload-pack', '--', url, ...wanted], online);
  const read = async (ref: string) => await gitLine(['rev-parse', '--verify', `${ref}^{commit}`], options);
  const [head, base, tip] = [
    await read(refs.head),
    await read(refs.base),
    await read(`refs/heads/${worktree.branch}`),
  ];
  const isIn = async (commit: string, other: string) =>
    await gitSaysYes(['merge-base', '--is-ancestor', commit, other], options);
  const isReplaced = pushed !== undefined && pushed !== head && !(await isIn(pushed, head));
  const relation = isReplaced ? 'replaced' : (await isIn(head, tip)) ? 'contained' : 'joinable';
  return { head, base, tip, relation };
}
