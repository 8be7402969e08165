import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { definedOnly } from '../../base/defined-only.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { isFineForGit } from '../../base/processes/git-variables.ts';
import { type CommandResult, runCommand } from '../../base/processes/run-command.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import { gitLine, runGit } from '../../project/git/git.ts';
import { commonDirOf, type GitContext } from '../../project/git/repository.ts';
import { commitsSince } from '../../project/worktrees/changes.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { taskText } from '../../session/documents/overview.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import { makeProof } from '../../session/proof/make-proof.ts';
import { proofFacts, proofMarkdown } from '../../session/proof/proof.ts';
import type { ActionContext } from '../common/context.ts';
import { refuseFromInside } from '../common/refuse-from-inside.ts';
import type { FinishLook } from './look-at-finish.ts';

export interface Published {
  said: string;
  bodyPath: string;
  url?: string;
  commands: string[];
}

const LIMIT_MS = 120_000;

/**
 * Publishes a session's branch as a pull request, with `gh` where it is installed and logged in; else gives the commands. The
 * text is written to a file in either case. A second time it pushes what is new to the same pull request.
 * @throws inside_session, GitError
 */
export async function publish(look: FinishLook, context: ActionContext): Promise<Published> {
  await refuseFromInside(context);
  const { view, git } = look;
  const { sessionFile, paths } = view;
  if (sessionFile === undefined) throw new Error('A session without a file was judged.');
  const request = await pullRequestOf(look, sessionFile);
  const bodyPath = join(paths.sessionDir, 'pull-request.md');
  await writeWhole(bodyPath, await bodyOf(look, sessionFile));
  const commands = commandsOf(request, sessionFile.mainRepo, bodyPath);
  const why = await whyNotHere(look, context, request);
  const handedOver = (said: string, left = commands) => ({ said, bodyPath, commands: left });
  if (why !== undefined) return handedOver(`${why} These commands publish the branch.`);
  const { remote, branch } = request;
  const refs = `refs/heads/${branch}:refs/heads/${branch}`;
  const push = ['push', '--quiet', '--receive-pack=git-receive-pack', '--', remote, refs];
  const options = { ...git, cwd: sessionFile.mainRepo, allowFailure: true, timeoutMs: LIMIT_MS };
  if ((await runGit(push, options)).exitCode !== 0)
    return handedOver(`git could not push ${branch} to ${remote}. These commands publish it.`);
  const isOpen = ['--state', 'open', '--json', 'url', '--jq', '.[].url'];
  const known = urlIn(await gh(context, ['pr', 'list', ...ofBranch(request), ...isOpen]));
  if (known !== undefined)
    return { ...handedOver(`The branch was pushed to its pull request ${known}.`, []), url: known };
  const made = await gh(context, ['pr', 'create', ...createArgs(request, bodyPath)]);
  const url = urlIn(made);
  if (made.exitCode !== 0 || url === undefined) {
    const said = `${branch} is pushed to ${remote}, but gh opened no pull request. The last command tries again.`;
    return handedOver(said, commands.slice(-1));
  }
  return { ...handedOver(`Pull request ${url} is open.`, []), url };
}

/** Why `publish` would only give commands; undefined: it opens the pull request. */
export async function whyNotPublished(look: FinishLook, context: ActionContext): Promise<string | undefined> {
  const { sessionFile } = look.view;
  if (sessionFile === undefined) return undefined;
  return await whyNotHere(look, context, await pullRequestOf(look, sessionFile));
}

async function whyNotHere(
  { view, git }: FinishLook,
  context: ActionContext,
  { remote, repository }: PullRequest,
): Promise<string | undefined> {
  const { mainRepo = '' } = view.sessionFile ?? {};
  if (repository === undefined) return `The remote "${remote}" names no repository that gh knows.`;
  const hook = join(await hooksDir(mainRepo, git), 'pre-push');
  // LFS uploads its files by it, and samocode runs no hooks.
  if (await isExecutable(hook)) return `There is a pre-push hook, ${hook}, which samocode does not run.`;
  const host = repository.split('/')[0] ?? '';
  const { exitCode, notFound } = await gh(context, ['auth', 'status', '--hostname', host]);
  if (notFound) return 'gh is not installed.';
  return exitCode === 0 ? undefined : `gh is not logged in to ${host} ("gh auth login").`;
}

/** Where git looks for hooks when a person pushes; our own calls have another setting. */
async function hooksDir(mainRepo: string, git: GitContext): Promise<string> {
  const list = ['config', '--show-origin', '--type=path', '--get-all', 'core.hooksPath'];
  const set = await gitLine(list, { ...git, cwd: mainRepo, allowFailure: true });
  const own = set.split('\n').findLast((line) => line.startsWith('file:'));
  const path = own?.split('\t')[1];
  return path ? resolve(mainRepo, path) : join(await commonDirOf(mainRepo, git), 'hooks');
}

function ofBranch({ repository = '', branch }: PullRequest): string[] {
  return ['--repo', repository, '--head', branch];
}

function createArgs(request: PullRequest, bodyPath: string): string[] {
  const { into, title, isDraft } = request;
  return [
    ...ofBranch(request),
    ...(into === undefined ? [] : ['--base', into]),
    ...['--title', title, '--body-file', bodyPath],
    ...(isDraft ? ['--draft'] : []),
  ];
}

function commandsOf(request: PullRequest, mainRepo: string, bodyPath: string): string[] {
  const { remote, branch, repository } = request;
  const create = createArgs(request, bodyPath).slice(repository === undefined ? 2 : 0);
  return [
    ['git', '-C', mainRepo, 'push', remote, branch],
    ['gh', 'pr', 'create', ...create],
  ].map((words) => words.map(shellWord).join(' '));
}

/** gh, where it finds no repository: everything is named, and no git of the project is started by it. */
async function gh({ env }: ActionContext, args: readonly string[]): Promise<CommandResult> {
  const quiet = { GH_PROMPT_DISABLED: '1', GH_NO_UPDATE_NOTIFIER: '1', NO_COLOR: '1' };
  const own = { ...definedOnly(env, isFineForGit), ...quiet };
  return await runCommand('gh', args, { cwd: tmpdir(), env: own, timeoutMs: LIMIT_MS });
}

function urlIn({ stdout }: CommandResult): string | undefined {
  return /^https:\/\/\S+$/m.exec(stdout)?.[0];
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

export interface PullRequest {
  remote: string;
  /** `host/owner/name` for gh; absent where the remote's URL names none. */
  repository: string | undefined;
  branch: string;
  into: string | undefined;
  title: string;
  isDraft: boolean;
}

async function pullRequestOf(
  { view, base, git }: FinishLook,
  sessionFile: SessionFile,
): Promise<PullRequest> {
  const { worktree, status } = view.state;
  const options = { ...git, cwd: sessionFile.mainRepo, allowFailure: true };
  const remotes = (await gitLine(['remote'], options)).split('\n').filter(Boolean);
  const ofBase = remotes.find((name) => worktree?.base.startsWith(`${name}/`));
  const remote = ofBase ?? (remotes.includes('origin') ? 'origin' : (remotes[0] ?? 'origin'));
  const url = await gitLine(['remote', 'get-url', '--push', remote], options);
  return {
    remote,
    repository: repositoryIn(url),
    branch: worktree?.branch ?? '',
    into: base?.into ?? (ofBase && worktree?.base.slice(ofBase.length + 1)),
    title: titleOf(view, sessionFile),
    isDraft: status.kind !== 'done',
  };
}

/** `git@github.com:owner/name.git`, `https://github.com/owner/name`, `ssh://git@host:22/owner/name.git`. */
export function repositoryIn(url: string): string | undefined {
  const found =
    /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([\w.-]+)(?::\d+)?\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(url) ??
    /^(?:[\w.-]+@)?([\w.-]+):([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(url);
  return found === null ? undefined : found.slice(1, 4).join('/');
}

const MAX_TITLE = 72;

function titleOf({ state, folder }: SessionView, file: SessionFile): string {
  const text = state.goal ?? taskText(file);
  const line = text.split('\n').find((each) => each.trim() !== '') ?? nameWithoutDate(folder);
  const words = oneLine(line)
    .replace(/^#+\s*/, '')
    .trim();
  return words.length > MAX_TITLE ? `${words.slice(0, MAX_TITLE - 1).trimEnd()}…` : words;
}

/** GitHub takes no longer text. */
const MAX_BODY = 60_000;

/** Its text, with the proof by the events, at the end: agents can write to the session's folder, and what is sealed can be verified. */
async function bodyOf({ view, git, base }: FinishLook, file: SessionFile): Promise<string> {
  const { state, folder, paths } = view;
  const { worktree, status } = state;
  const range = {
    ...git,
    cwd: file.mainRepo,
    base: worktree?.baseCommit ?? '',
    head: `refs/heads/${worktree?.branch}`,
  };
  const { commits, total } = await commitsSince(range, 50);
  const more = total > commits.length ? [`- and ${total - commits.length} more`] : [];
  const proof = makeProof(await readEvents(paths, 0));
  const isOfTip = proof?.commit === base?.tip;
  const older =
    proof === undefined || isOfTip
      ? []
      : [
          `The branch has changed since its proof, which is of ${proof.commit.slice(0, 12)}: it is not in this text.`,
          '',
        ];
  const text = [
    status.kind === 'done' ? status.summary : `The session is ${status.kind}, not done.`,
    '',
    '## Commits',
    '',
    ...commits.toReversed().map(({ subject }) => `- ${oneLine(subject)}`),
    ...more,
    '',
    ...older,
    `Made by samocode, session ${folder}.`,
    '',
  ].join('\n');
  if (proof === undefined || !isOfTip) return cut(text);
  const whole = proofMarkdown(proof, `${text}\n`);
  return whole.length > MAX_BODY ? cut(`${text}\n${proofFacts(proof)}\n`) : whole;
}

function cut(text: string): string {
  return text.length > MAX_BODY ? `${text.slice(0, MAX_BODY)}\n\n(cut)\n` : text;
}
