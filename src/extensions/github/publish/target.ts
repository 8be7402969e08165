import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { beginning, visibleControls } from '../../../core/kernel/text.ts';
import { prePushHook } from '../../../core/project/git/pre-push-hook.ts';
import { configuredPushRemote, defaultRemote, remoteOfBase } from '../../../core/project/git/remotes.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { taskText } from '../../../core/session/documents/overview.ts';
import type { SessionFile } from '../../../core/session/events/bodies/session-file.ts';
import { nameWithoutDate } from '../../../core/session/layout/names.ts';
import { forgeRemotes } from '../forge/forge-remotes.ts';
import type { GhContext } from '../forge/gh.ts';
import { GitHub } from '../forge/github.ts';
import { partsOf, repositoryIn } from '../forge/repository-name.ts';
import { requestRepository } from '../forge/request-repository.ts';
import type { Publishable } from './publication.ts';

export interface PullRequest {
  /** The remote that the branch is pushed to; absent if the repository has none. */
  remote: string | undefined;
  /** The repository that the branch is pushed to, as `host/owner/name`; absent if its URL does not name one. */
  from: string | undefined;
  /** The repository in which it is opened; absent if `from` is. */
  repository: string | undefined;
  branch: string;
  /** The branch as that repository names it: `owner:branch` if it is pushed to another one. */
  head: string;
  into: string | undefined;
  title: string;
  isDraft: boolean;
}

export async function pullRequestOf(
  { view, base, git }: Publishable,
  sessionFile: SessionFile,
  context: GhContext,
): Promise<PullRequest> {
  const { worktree, status, pullRequest } = view.state;
  const { branch, base: name } = worktree ?? { branch: '', base: '' };
  const options = { ...git, cwd: sessionFile.mainRepo, allowFailure: true };
  const remotes = await forgeRemotes(options);
  // A local branch may be called like one of a remote.
  const ofBase = worktree?.baseRef?.startsWith('refs/heads/') ? undefined : remoteOfBase(name, remotes);
  const set = await configuredPushRemote(branch, remotes, options);
  const remote = set ?? defaultRemote(remotes, ofBase);
  const from = remote && repositoryIn(remote.pushUrl);
  const open = pullRequest?.state === 'open' ? pullRequest.repository : undefined;
  const repository = from && (await requestRepository({ from, remotes, open }, context));
  return {
    remote: remote?.name,
    ...{ from, repository, branch },
    head: from === undefined || from === repository ? branch : `${partsOf(from).owner}:${branch}`,
    into: base?.into ?? (ofBase && name.slice(ofBase.name.length + 1)),
    title: titleOf(view, sessionFile),
    isDraft: status.kind !== 'done',
  };
}

const MAX_TITLE = 72;

function titleOf({ state, folder }: Publishable['view'], file: SessionFile): string {
  const text = state.goal ?? file.issue?.title ?? taskText(file);
  const line = text.split('\n').find((each) => each.trim() !== '') ?? nameWithoutDate(folder);
  const words = oneLine(visibleControls(line))
    .replace(/^#+\s*/, '')
    .trim();
  return words.length > MAX_TITLE ? `${beginning(words, MAX_TITLE - 1).trimEnd()}…` : words;
}

/** Why a person must publish the branch; undefined if samocode can open the pull request. */
export async function whyByHand(
  { remote, repository }: PullRequest,
  { view, git }: Publishable,
  context: GhContext,
): Promise<string | undefined> {
  const { mainRepo = '' } = view.sessionFile ?? {};
  if (remote === undefined) return 'This repository has no remote to push the branch to.';
  if (repository === undefined) return `The remote "${remote}" does not name a repository that gh supports.`;
  const hook = await prePushHook(mainRepo, git);
  // LFS uploads its files in this hook, and samocode runs no hooks.
  if (hook !== undefined) return `There is a pre-push hook, ${hook}, which samocode does not run.`;
  try {
    await new GitHub(context).login(partsOf(repository).host);
    return undefined;
  } catch (error) {
    if (isSamocodeError(error)) return `${error.what} ${error.why} ${error.hint}`;
    throw error;
  }
}
