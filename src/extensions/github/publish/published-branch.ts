import { shellWord } from '../../../core/kernel/shell-quoted.ts';
import { counted } from '../../../core/kernel/text.ts';
import { pullRequestRefs } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import { gitLine, runGit } from '../../../core/project/git/git.ts';
import { configuredPushRemote, defaultRemote, remotesOf } from '../../../core/project/git/remotes.ts';
import { type GitContext, isAncestor } from '../../../core/project/git/repository.ts';
import { handleOf, refNameOf } from '../../../core/session/layout/names.ts';
import { NETWORK_LIMIT_MS } from '../forge/gh.ts';
import { gitHubAccess } from '../forge/github-access.ts';
import type { Publishable } from './publication.ts';

export interface PublishedBranch {
  /** The head commit of the pull request. */
  head: string;
  /** The tip of its base branch. */
  base: string;
  /** The tip of the session's local branch. */
  tip: string;
  /**
   * `contained`: the local branch contains the head. `joinable`: others have pushed commits on top of samocode's, which
   * can be taken over. `rewound`: the head is what samocode pushed, and the local branch no longer contains it.
   * `replaced`: the head no longer contains what samocode pushed.
   */
  relation: 'contained' | 'joinable' | 'rewound' | 'replaced';
}

/** Fetches the head and base of a session's pull request and compares the head with the local branch. */
export async function fetchPublished(
  { sessionFile, state: { pullRequest, worktree } }: Publishable['view'],
  baseBranch: string,
  git: GitContext,
): Promise<PublishedBranch | undefined> {
  if (sessionFile === undefined || pullRequest === undefined || worktree === undefined) return undefined;
  const { repository, number, pushed } = pullRequest;
  const { url, config } = gitHubAccess(repository);
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
  const isContained = await isAncestor(head, tip, options);
  // A person who sets both branches to the same commit has accepted it.
  const isReplaced = pushed !== undefined && head !== tip && !(await isAncestor(pushed, head, options));
  const missing = pushed === head ? 'rewound' : 'joinable';
  const relation = isReplaced ? 'replaced' : isContained ? 'contained' : missing;
  return { head, base, tip, relation };
}

/** Returns the question about the head that a person must settle first; undefined if the round can continue. */
export async function whyAsk(
  { view: { folder, sessionFile, state }, git }: Pick<Publishable, 'view' | 'git'>,
  { relation, head }: PublishedBranch,
): Promise<string | undefined> {
  const { branch = '' } = state.worktree ?? {};
  if (relation === 'replaced')
    return `The branch ${branch} was replaced: its head ${head.slice(0, 12)} no longer contains what samocode pushed. Bring the session's branch to the state that you want, then begin a round.`;
  if (relation !== 'rewound') return undefined;
  const { mainRepo = '' } = sessionFile ?? {};
  const ref = `refs/heads/${branch}`;
  const options = { ...git, cwd: mainRepo };
  const count = Number(await gitLine(['rev-list', '--count', `${ref}..${head}`], options));
  const remotes = await remotesOf(options);
  const remote = (await configuredPushRemote(branch, remotes, options)) ?? defaultRemote(remotes);
  const lease = `--force-with-lease=${ref}:${head}`;
  const push = ['git', '-C', mainRepo, 'push', lease, remote?.name ?? 'origin', ref].map(shellWord).join(' ');
  return `The pull request still has ${counted(count, 'commit')} that the session's branch no longer has, as after a rewind. To take them over again: samocode round ${handleOf(folder)}. To replace them: ${push}`;
}
