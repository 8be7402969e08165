import { projectClone } from '../../../core/acts/proof/checks-on-clone.ts';
import type { OpenedProof, PullRequestQuestion } from '../../../core/acts/proof/pull-requests-to-verify.ts';
import { claimsOf } from '../../../core/acts/proof/repeat-proof.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor } from '../../../core/caller/context/find-project-for.ts';
import { requireTrust } from '../../../core/caller/context/trust-project.ts';
import { READING_ERRORS } from '../../../core/caller/errors/reading-errors.ts';
import { runGit } from '../../../core/project/git/git.ts';
import { defaultRemote } from '../../../core/project/git/remotes.ts';
import { commitOf, type GitContext } from '../../../core/project/git/repository.ts';
import { forgeRemotes } from '../forge/forge-remotes.ts';
import { NETWORK_LIMIT_MS } from '../forge/gh.ts';
import { GitHub } from '../forge/github.ts';
import { repositoryIn } from '../forge/repository-name.ts';
import { requestRepository } from '../forge/request-repository.ts';

/** Finds a pull request of this project's repository and fetches its head. */
export async function openPullRequest(
  { number, projectDir }: PullRequestQuestion,
  context: ActionContext,
): Promise<OpenedProof> {
  const project = await findProjectFor({ projectDir }, context);
  await requireTrust(project, context);
  const { mainRepo, values, filePath } = project;
  if (values.checks.length === 0) throw READING_ERRORS.no_checks({ filePath });
  const git = { baseEnv: context.env };
  const remote = await remoteOf(mainRepo, git, context);
  const { head, base, body: text } = await new GitHub(context).published(remote.repository, number);
  const options = { ...git, cwd: mainRepo };
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
  const from = ['--upload-pack=git-upload-pack', '--', remote.name];
  await runGit([...fetch, ...from, head, base], { ...options, timeoutMs: NETWORK_LIMIT_MS });
  if ((await commitOf(head, options)) === undefined) throw READING_ERRORS.pull_request_not_read({ number });
  // No cache: what the code of a pull request leaves behind must not reach other checks.
  const { place, proving, commands: checks, env } = await projectClone(project, context);
  return {
    from: 'pull_request',
    claims: claimsOf(text, { mainRepo, git, head }),
    trusted: { setup: values.setup, checks, base },
    place,
    set: { branch: 'pull-request', base, proving },
    env,
  };
}

/** The repository in which the project's pull requests are opened, and the remote to fetch from. */
async function remoteOf(
  mainRepo: string,
  git: GitContext,
  context: ActionContext,
): Promise<{ name: string; repository: string }> {
  const remotes = await forgeRemotes({ ...git, cwd: mainRepo, allowFailure: true });
  const from = repositoryIn(defaultRemote(remotes)?.pushUrl ?? '');
  if (from === undefined) throw READING_ERRORS.no_forge({ mainRepo });
  const repository = await requestRepository({ from, remotes }, context);
  const named = remotes.find(({ url }) => repositoryIn(url) === repository);
  return { name: named?.name ?? `https://${repository}.git`, repository };
}
