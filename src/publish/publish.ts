import { join } from 'node:path';
import { isSamocodeError } from '../base/errors.ts';
import { writeWhole } from '../base/files/atomic-file.ts';
import { quotedSaid, saidBy } from '../base/said.ts';
import { shellWord } from '../base/shell-quoted.ts';
import type { OpenPullRequest, PullRequestWords } from '../forge/forge.ts';
import { NETWORK_LIMIT_MS } from '../forge/gh.ts';
import { GitHub } from '../forge/github.ts';
import { runGit } from '../project/git/git.ts';
import { unattended } from '../project/git/unattended.ts';
import type { ActionContext } from '../acts/common/context.ts';
import { refuseFromInside } from '../acts/common/refuse-from-inside.ts';
import { composePullRequest } from './compose-pull-request.ts';
import type { FinishVerdict } from '../acts/finish/judge-finish.ts';
import { type PullRequest, whyByHand } from './target.ts';
import { editedSince, marked, plain } from './text-mark.ts';

export interface Published {
  summary: string;
  bodyPath: string;
  url?: string;
  /** With `url`: the repository that the branch was pushed to, as `host/owner/name`. */
  from?: string;
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
  const { remote, from, branch, head, repository } = request;
  if (why !== undefined || remote === undefined || from === undefined || repository === undefined) {
    const instruction =
      commands.length === 1 ? 'This command pushes the branch.' : 'These commands publish the branch.';
    return result(`${why} ${instruction}`);
  }
  const refused = await pushBranch({ branch, from, remote: isUnattended ? undefined : remote }, judged);
  if (refused !== undefined)
    return result(`git could not push ${branch} to ${remote}.${refused} These commands publish it.`);
  const forge = new GitHub(context);
  try {
    const known = await forge.openPullRequest(repository, head);
    if (known === undefined) {
      const { into: base, title, isDraft } = request;
      const { url } = await forge.open(repository, { head, base, title, body, isDraft });
      return { ...result(`Pull request ${url} is open.`, []), url, from };
    }
    const { change, summary } = changeOf(known, { title: request.title, body });
    if (Object.keys(change).length > 0) await forge.changeText(repository, known.number, change);
    const pushed = `The branch was pushed to its pull request ${known.url}. ${summary}`;
    return { ...result(pushed, []), url: known.url, from };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    const summary = `${branch} is pushed to ${remote}, but its pull request was neither opened nor updated. ${error.what} ${error.why} ${error.hint} If there is none yet, the last command opens it.`;
    return result(summary, commands.slice(-1));
  }
}

/** Pushes to a remote, or without one to the repository's address. @returns what git said if it could not */
async function pushBranch(
  { branch, from, remote }: { branch: string; from: string; remote: string | undefined },
  { view, git }: FinishVerdict,
): Promise<string | undefined> {
  const { url, config: logins } = unattended(from);
  const refs = `refs/heads/${branch}:refs/heads/${branch}`;
  const push = ['push', '--quiet', '--receive-pack=git-receive-pack', '--', remote ?? url, refs];
  // Over HTTPS, use the login that opens the pull request if the person has not set one up for git.
  const login = remote === undefined ? logins : logins.slice(1);
  const config = [...(git.config ?? []), ...login];
  const cwd = view.sessionFile?.mainRepo ?? '';
  const options = { ...git, config, cwd, allowFailure: true, timeoutMs: NETWORK_LIMIT_MS };
  const { exitCode, stderr } = await runGit(push, options);
  return exitCode === 0 ? undefined : quotedSaid(saidBy(stderr, git.baseEnv), 'git');
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

function createArgs(
  { repository = '', head, into, title, isDraft }: PullRequest,
  bodyPath: string,
): string[] {
  return [
    ...['--repo', repository, '--head', head],
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
