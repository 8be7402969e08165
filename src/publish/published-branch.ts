import { NETWORK_LIMIT_MS } from '../forge/gh.ts';
import { pullRequestRefs } from '../project/checkpoints/checkpoint-refs.ts';
import { gitLine, gitSaysYes, runGit } from '../project/git/git.ts';
import type { GitContext } from '../project/git/repository.ts';
import { unattended } from '../project/git/unattended.ts';
import { refNameOf } from '../session/layout/names.ts';
import type { Publishable } from './publishable.ts';

export interface PublishedBranch {
  /** The head commit of the pull request. */
  head: string;
  /** The tip of its base branch. */
  base: string;
  /** The tip of the session's local branch. */
  tip: string;
  /**
   * `contained`: the local branch contains the head. `joinable`: others have pushed commits on top of samocode's, which
   * can be taken over. `replaced`: the head no longer contains what samocode pushed.
   */
  relation: 'contained' | 'joinable' | 'replaced';
}

/**
 * Fetches the head and base of a session's pull request and compares the head with the local branch.
 * @throws GitError
 */
export async function fetchPublished(
  { sessionFile, state: { pullRequest, worktree } }: Publishable['view'],
  baseBranch: string,
  git: GitContext,
): Promise<PublishedBranch | undefined> {
  if (sessionFile === undefined || pullRequest === undefined || worktree === undefined) return undefined;
  const { repository, number, pushed } = pullRequest;
  const { url, config } = unattended(repository);
  const refs = pullRequestRefs(refNameOf(sessionFile));
  const options = { ...git, cwd: sessionFile.mainRepo };
  const flags = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
  const refspecs = [`+refs/pull/${number}/head:${refs.head}`, `+refs/heads/${baseBranch}:${refs.base}`];
  const online = { ...options, config: [...(git.config ?? []), ...config], timeoutMs: NETWORK_LIMIT_MS };
  await runGit(['fetch', ...flags, '--upload-pack=git-upload-pack', '--', url, ...refspecs], online);
  const read = async (ref: string) => await gitLine(['rev-parse', '--verify', `${ref}^{commit}`], options);
  const [head, base, tip] = [
    await read(refs.head),
    await read(refs.base),
    await read(`refs/heads/${worktree.branch}`),
  ];
  const isAncestor = async (commit: string, descendant: string) =>
    await gitSaysYes(['merge-base', '--is-ancestor', commit, descendant], options);
  const isReplaced = pushed !== undefined && pushed !== head && !(await isAncestor(pushed, head));
  const relation = isReplaced ? 'replaced' : (await isAncestor(head, tip)) ? 'contained' : 'joinable';
  return { head, base, tip, relation };
}
