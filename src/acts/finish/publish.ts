import { join } from 'node:path';
import { isSamocodeError } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import type { OpenPullRequest, PullRequestWords } from '../../forge/forge.ts';
import { NETWORK_LIMIT_MS } from '../../forge/gh.ts';
import { GitHub } from '../../forge/github.ts';
import { runGit } from '../../project/git/git.ts';
import { unattended } from '../../project/git/unattended.ts';
import type { ActionContext } from '../common/context.ts';
import { refuseFromInside } from '../common/refuse-from-inside.ts';
import { composePullRequest } from './compose-pull-request.ts';
import type { FinishVerdict } from './judge-finish.ts';
import { type PullRequest, whyByHand } from './pull-request.ts';
import { editedSince, marked, plain } from './text-mark.ts';

export interface Published {
  summary: string;
  bodyPath: string;
  url?: string;
  commands: string[];
}

/**
 * Publishes a session's branch as a pull request if `gh` is installed and logged in; otherwise returns the commands. The
 * text is written to a file in either case. A second call pushes new commits to the same pull request and updates its
 * title and text unless somebody has edited them.
 * @param isUnattended push with gh's login only, because nobody is there to unlock a key or answer a prompt
 * @throws inside_session, GitError
 */
export async function publish(
  judged: FinishVerdict,
  withAnswers: boolean,
  context: ActionContext,
  { isUnattended = false }: { isUnattended?: boolean } = {},
): Promise<Published> {
  await refuseFromInside(context);
  const { request, whole } = await composePullRequest(judged, withAnswers, context);
  const body = marked({ title: request.title, body: whole });
  const { paths, sessionFile } = judged.view;
  const mainRepo = sessionFile?.mainRepo ?? '';
  const bodyPath = join(paths.sessionDir, 'pull-request.md');
  await writeWhole(bodyPath, body);
  const commands = commandsOf(request, mainRepo, bodyPath);
  const result = (summary: string, left = commands) => ({ summary, bodyPath, commands: left });
  const why = await whyByHand(request, judged, context);
  const { remote, branch, repository } = request;
  if (why !== undefined || remote === undefined || repository === undefined) {
    const instruction =
      commands.length === 1 ? 'This command pushes the branch.' : 'These commands publish the branch.';
    return result(`${why} ${instruction}`);
  }
  const refs = `refs/heads/${branch}:refs/heads/${branch}`;
  const ghPush = unattended(repository);
  const to = isUnattended ? ghPush.url : remote;
  const push = ['push', '--quiet', '--receive-pack=git-receive-pack', '--', to, refs];
  // Over HTTPS, use the login that opens the pull request if the person has not set one up for git.
  const login = isUnattended ? ghPush.config : ghPush.config.slice(1);
  const config = [...(judged.git.config ?? []), ...login];
  const options = { ...judged.git, config, cwd: mainRepo, allowFailure: true, timeoutMs: NETWORK_LIMIT_MS };
  if ((await runGit(push, options)).exitCode !== 0)
    return result(`git could not push ${branch} to ${remote}. These commands publish it.`);
  const forge = new GitHub(context);
  try {
    const known = await forge.openPullRequest(repository, branch);
    if (known === undefined) {
      const { into: base, title, isDraft } = request;
      const { url } = await forge.open(repository, { branch, base, title, body, isDraft });
      return { ...result(`Pull request ${url} is open.`, []), url };
    }
    const { change, summary } = changeOf(known, { title: request.title, body });
    if (Object.keys(change).length > 0) await forge.changeText(repository, known.number, change);
    const pushed = `The branch was pushed to its pull request ${known.url}. ${summary}`;
    return { ...result(pushed, []), url: known.url };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    const summary = `${branch} is pushed to ${remote}, but its pull request was neither opened nor updated. ${error.what} ${error.hint} If there is none yet, the last command opens it.`;
    return result(summary, commands.slice(-1));
  }
}

/** What to change in an open pull request. Keeps what somebody has edited. */
function changeOf(
  known: OpenPullRequest,
  { title, body }: PullRequestWords,
): { change: Partial<PullRequestWords>; summary: string } {
  const edited = editedSince(known);
  if (edited.body) {
    const kept = 'Its text was edited or written by somebody else, so title and text stay unchanged.';
    return { change: {}, summary: `${kept} The new text is in pull-request.md of the session.` };
  }
  const change = {
    ...(edited.title || known.title === title ? {} : { title }),
    ...(plain(known.body) === plain(body) ? {} : { body }),
  };
  const updated = edited.title ? 'Its text is' : 'Its title and text are';
  const kept = edited.title ? ' Somebody has edited its title, so it stays unchanged.' : '';
  return { change, summary: `${updated} up to date.${kept}` };
}

function branchArgs({ repository = '', branch }: PullRequest): string[] {
  return ['--repo', repository, '--head', branch];
}

function createArgs(request: PullRequest, bodyPath: string): string[] {
  const { into, title, isDraft } = request;
  return [
    ...branchArgs(request),
    ...(into === undefined ? [] : ['--base', into]),
    ...['--title', title, '--body-file', bodyPath],
    ...(isDraft ? ['--draft'] : []),
  ];
}

/** The commands to publish the branch by hand; without the one for gh if gh could not determine the repository. */
function commandsOf(request: PullRequest, mainRepo: string, bodyPath: string): string[] {
  const { remote, branch, repository } = request;
  const git = ['git', '-C', mainRepo];
  const add = [...git, 'remote', 'add', 'origin', '<repository URL>'];
  const create = createArgs(request, bodyPath).slice(repository === undefined ? 2 : 0);
  const isForGh = remote === undefined || repository !== undefined;
  return [
    ...(remote === undefined ? [add] : []),
    [...git, 'push', remote ?? 'origin', `refs/heads/${branch}`],
    ...(isForGh ? [['gh', 'pr', 'create', ...create]] : []),
  ].map((words) => words.map(shellWord).join(' '));
}
