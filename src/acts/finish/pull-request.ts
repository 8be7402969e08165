import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isSamocodeError } from '../../base/errors.ts';
import { visibleControls } from '../../base/text.ts';
import { gh } from '../../forge/gh.ts';
import { GitHub } from '../../forge/github.ts';
import { repositoryIn } from '../../forge/repository-name.ts';
import { gitLine } from '../../project/git/git.ts';
import { commonDirOf, type GitContext } from '../../project/git/repository.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { taskText } from '../../session/documents/overview.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import type { ActionContext } from '../common/context.ts';
import type { FinishVerdict } from './judge-finish.ts';

export interface PullRequest {
  /** Absent if the repository has no remote. */
  remote: string | undefined;
  /** `host/owner/name` for gh; absent if the remote's URL does not name a repository. */
  repository: string | undefined;
  branch: string;
  into: string | undefined;
  title: string;
  isDraft: boolean;
}

/** The target and title of the pull request of a session's branch. */
export async function pullRequestOf(
  { view, base, git }: FinishVerdict,
  sessionFile: SessionFile,
): Promise<PullRequest> {
  const { worktree, status } = view.state;
  const options = { ...git, cwd: sessionFile.mainRepo, allowFailure: true };
  const remotes = (await gitLine(['remote'], options)).split('\n').filter(Boolean);
  const ofBase = remotes.find((name) => worktree?.base.startsWith(`${name}/`));
  const remote = ofBase ?? (remotes.includes('origin') ? 'origin' : remotes[0]);
  const url = remote && (await gitLine(['remote', 'get-url', '--push', remote], options));
  return {
    remote,
    repository: url && repositoryIn(url),
    branch: worktree?.branch ?? '',
    into: base?.into ?? (ofBase && worktree?.base.slice(ofBase.length + 1)),
    title: titleOf(view, sessionFile),
    isDraft: status.kind !== 'done',
  };
}

const MAX_TITLE = 72;

function titleOf({ state, folder }: SessionView, file: SessionFile): string {
  const text = state.goal ?? file.issue?.title ?? taskText(file);
  const line = text.split('\n').find((each) => each.trim() !== '') ?? nameWithoutDate(folder);
  const words = oneLine(visibleControls(line))
    .replace(/^#+\s*/, '')
    .trim();
  return words.length > MAX_TITLE ? `${words.slice(0, MAX_TITLE - 1).trimEnd()}…` : words;
}

/** Why a person must publish the branch; undefined if samocode can open the pull request. */
export async function whyByHand(
  { remote, repository }: PullRequest,
  { view, git }: FinishVerdict,
  context: ActionContext,
): Promise<string | undefined> {
  const { mainRepo = '' } = view.sessionFile ?? {};
  if (remote === undefined) return 'This repository has no remote to push the branch to.';
  if (repository === undefined) return `The remote "${remote}" does not name a repository that gh supports.`;
  const hook = join(await hooksDir(mainRepo, git), 'pre-push');
  // LFS uploads its files in this hook, and samocode runs no hooks.
  if (await isExecutable(hook)) return `There is a pre-push hook, ${hook}, which samocode does not run.`;
  const host = repository.split('/')[0] ?? '';
  try {
    await new GitHub(context).login(host);
    return undefined;
  } catch (error) {
    if (isSamocodeError(error)) return `${error.what} ${error.hint}`;
    throw error;
  }
}

export type Visibility = 'private' | 'public' | 'unknown';

/** Who can read a pull request. A repository internal to a company counts as private. */
export async function visibilityOf({ repository }: PullRequest, context: ActionContext): Promise<Visibility> {
  if (repository === undefined) return 'unknown';
  const [host = '', ...name] = repository.split('/');
  const ask = ['api', `repos/${name.join('/')}`, '--hostname', host, '--jq', '.private'];
  const { exitCode, stdout } = await gh(context, ask);
  const answer = exitCode === 0 ? stdout.trim() : '';
  if (answer === 'true') return 'private';
  return answer === 'false' ? 'public' : 'unknown';
}

/** The folder whose hooks git runs when a person pushes; our own git calls override it. */
async function hooksDir(mainRepo: string, git: GitContext): Promise<string> {
  const list = ['config', '--show-origin', '--type=path', '--get-all', 'core.hooksPath'];
  const set = await gitLine(list, { ...git, cwd: mainRepo, allowFailure: true });
  const own = set.split('\n').findLast((line) => line.startsWith('file:'));
  const path = own?.split('\t')[1];
  return path ? resolve(mainRepo, path) : join(await commonDirOf(mainRepo, git), 'hooks');
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
