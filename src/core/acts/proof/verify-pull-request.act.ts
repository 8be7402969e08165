import { NETWORK_LIMIT_MS } from '../../../extensions/github/forge/gh.ts';
import { GitHub } from '../../../extensions/github/forge/github.ts';
import { repositoryIn } from '../../../extensions/github/forge/repository-name.ts';
import { requestRepository } from '../../../extensions/github/forge/request-repository.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findProjectFor } from '../../caller/context/find-project-for.ts';
import { requireTrust } from '../../caller/context/trust-project.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import { environmentOfProject } from '../../caller/refusals/login-of-project.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { runGit } from '../../project/git/git.ts';
import { defaultRemote, remotesOf } from '../../project/git/remotes.ts';
import { commitOf, type GitContext } from '../../project/git/repository.ts';
import { type ClonePlace, type CloneRunOptions, checksOnClone } from './checks-on-clone.ts';
import { frozenProving } from './frozen-proving.ts';
import { clonePlaceOf } from './project-clone.ts';
import { type ClaimedWork, type Repetition, repeatClaims } from './repeat-claims.ts';

export interface PullRequestQuestion {
  number: number;
  projectDir?: string | undefined;
}

export interface OpenedPullRequest {
  work: ClaimedWork;
  /** The project whose SETUP and CHECK commands run. */
  project: Project;
  place: ClonePlace;
}

export type VerifiedPullRequest = Repetition & { verified: boolean; sandbox: SandboxLevel };

/**
 * Finds a pull request of this project's repository and fetches its head.
 * @throws project_not_found, project_not_trusted, no_checks, no_forge, pull_request_not_read, the errors of a forge, GitError
 */
export async function openPullRequest(
  { number, projectDir }: PullRequestQuestion,
  context: ActionContext,
): Promise<OpenedPullRequest> {
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
  return { work: { mainRepo, git, head, base, text }, project, place: await clonePlaceOf(project, context) };
}

/**
 * Repeats the proof of a pull request with the project's own commands.
 * @throws proof_not_repeated if the clone fails; GitError; the signal's reason
 */
export async function verifyPullRequest(
  { work, project, place }: OpenedPullRequest,
  context: ActionContext,
  options: CloneRunOptions,
): Promise<VerifiedPullRequest> {
  const { values } = project;
  const env = await environmentOfProject(project, context);
  // No cache: what the code of a pull request leaves behind must not reach other checks.
  const proving = { ...frozenProving(values), setupCache: [] };
  const cloneFailed = (problem: string) => READING_ERRORS.proof_not_repeated({ problem });
  const run = async (commit: string, commands: readonly string[]) => {
    const set = { commit, branch: 'pull-request', base: work.base, commands, proving };
    return await checksOnClone(place, set, { ...context, env }, { ...options, cloneFailed });
  };
  const trusted = { setup: values.setup, checks: values.checks.map(({ command }) => command) };
  const repetition = await repeatClaims(work, trusted, run);
  const verified = repetition.result === 'repeated' || repetition.result === 'partly';
  return { verified, ...repetition, sandbox: place.guard?.now.level ?? 'none' };
}

/** The repository in which the project's pull requests are opened, and the remote to fetch from. */
async function remoteOf(
  mainRepo: string,
  git: GitContext,
  context: ActionContext,
): Promise<{ name: string; repository: string }> {
  const remotes = await remotesOf({ ...git, cwd: mainRepo, allowFailure: true });
  const from = repositoryIn(defaultRemote(remotes)?.pushUrl ?? '');
  if (from === undefined) throw READING_ERRORS.no_forge({ mainRepo });
  const repository = await requestRepository({ from, remotes }, context);
  const named = remotes.find(({ url }) => repositoryIn(url) === repository);
  return { name: named?.name ?? `https://${repository}.git`, repository };
}
