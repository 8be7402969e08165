import { join } from 'node:path';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { quotedSaid, saidBy } from '../../../core/kernel/said.ts';
import { shellWord } from '../../../core/kernel/shell-quoted.ts';
import { gitLine, runGit } from '../../../core/project/git/git.ts';
import { commitOf } from '../../../core/project/git/repository.ts';
import { type GhContext, NETWORK_LIMIT_MS } from '../forge/gh.ts';
import type { GitHub, OpenPullRequest, TitleAndBody } from '../forge/github.ts';
import { gitHubAccess } from '../forge/github-access.ts';
import { composePullRequest } from './compose-pull-request.ts';
import type { Effects, Publishable, PublishResult } from './publication.ts';
import { type PullRequest, whyByHand } from './target.ts';
import { editedSince, marked, plain } from './text-mark.ts';

/** Where and how a branch is published. */
interface PublishPlan {
  request: PullRequest;
  body: string;
  bodyPath: string;
  /** The commands with which a person publishes the branch. */
  commands: string[];
  /** Why a person must publish it; absent if gh is installed and logged in. */
  manualReason: string | undefined;
}

/** A plan that samocode can carry out. */
type OwnPlan = PublishPlan & { request: { repository: string; from: string; remote: string } };

/** Composes the text of the pull request and writes it to a file of the session. */
export async function planPublication(
  publication: Publishable,
  withAnswers: boolean,
  context: GhContext,
): Promise<PublishPlan> {
  const { request, whole } = await composePullRequest(publication, withAnswers, context);
  const body = marked({ title: request.title, body: whole });
  const { paths, sessionFile } = publication.view;
  const bodyPath = join(paths.sessionDir, 'pull-request.md');
  await writeWhole(bodyPath, body);
  const commands = commandsOf(request, sessionFile?.mainRepo ?? '', bodyPath);
  const why = await whyByHand(request, publication, context);
  const instruction =
    commands.length === 1 ? 'This command pushes the branch.' : 'These commands publish the branch.';
  return { request, body, bodyPath, commands, manualReason: why && `${why} ${instruction}` };
}

export function canPublish(plan: PublishPlan): plan is OwnPlan {
  const { remote, from, repository } = plan.request;
  return (
    plan.manualReason === undefined && remote !== undefined && from !== undefined && repository !== undefined
  );
}

interface BranchPush {
  tip: string;
  /** Whether to push to the person's remote, and not to the repository's address with gh's login alone. */
  withRemote: boolean;
  change?: Parameters<Effects['cause']>[2];
}

/** Plans a publication and pushes its branch. @returns `left`: a person publishes it, with these commands */
export async function pushPlanned(
  publication: Publishable,
  { withAnswers = false, ...push }: BranchPush & { withAnswers?: boolean },
  effects: Effects,
): Promise<{ plan: OwnPlan } | { left: PublishResult & Pick<PublishPlan, 'commands'> }> {
  const plan = await effects.during((context) => planPublication(publication, withAnswers, context));
  const { bodyPath, commands, manualReason = '' } = plan;
  const left = { outcome: 'left', bodyPath, commands } as const;
  if (!canPublish(plan)) return { left: { ...left, summary: manualReason } };
  const refused = await pushBranch(publication, plan.request, push, effects);
  if (refused === undefined) return { plan };
  const { branch, remote } = plan.request;
  const summary = `git could not push ${branch} to ${remote}.${refused} Once that is settled, these commands publish it.`;
  return { left: { ...left, summary, unpushed: { tip: push.tip, remote, branch } } };
}

/**
 * Pushes a commit to the session's branch on the remote; one that is there already is not an error, whoever pushed it.
 * @returns the message of git if it could not push
 */
async function pushBranch(
  { view, git }: Publishable,
  { branch, from, remote: named }: OwnPlan['request'],
  { tip, withRemote, change }: BranchPush,
  effects: Effects,
): Promise<string | undefined> {
  const remote = withRemote ? named : undefined;
  const { url, config: logins } = gitHubAccess(from);
  const ref = `refs/heads/${branch}`;
  const push = ['push', '--quiet', '--receive-pack=git-receive-pack', '--', remote ?? url, `${tip}:${ref}`];
  // Over HTTPS, use the login that opens the pull request if the person has not set one up for git.
  const config = [...(git.config ?? []), ...(remote === undefined ? logins : logins.slice(1))];
  const cwd = view.sessionFile?.mainRepo ?? '';
  let refused: string | undefined;
  const act = async (_forge: GitHub, { signal }: Required<GhContext>) => {
    const options = { ...git, config, cwd, signal, allowFailure: true, timeoutMs: NETWORK_LIMIT_MS };
    const { exitCode, stderr } = await runGit(push, options);
    if (exitCode === 0) return { commit: tip };
    // A person may have pushed it in a terminal, where git can ask for a login.
    const seen = remote && (await commitOf(`refs/remotes/${remote}/${branch}`, options));
    const list = ['ls-remote', '--upload-pack=git-upload-pack', '--', remote ?? url, ref];
    const there = seen === tip ? tip : (await gitLine(list, options)).split('\t')[0];
    if (there === tip) return { commit: tip };
    refused = quotedSaid(saidBy(stderr, git.baseEnv), 'git');
    return undefined;
  };
  await effects.cause('push', act, change);
  return refused;
}

/** Opens the pull request, or updates title and text of an open one unless a person has edited them. */
export async function openOrUpdate(
  forge: GitHub,
  { request, body }: OwnPlan,
): Promise<{ url: string; summary: string }> {
  const { head, into: base, title, isDraft, repository } = request;
  const known = await forge.openPullRequest(repository, head);
  if (known === undefined) {
    const { url } = await forge.open(repository, { head, base, title, body, isDraft });
    return { url, summary: `Pull request ${url} is open.` };
  }
  const { change, summary } = changeOf(known, { title, body });
  if (Object.keys(change).length > 0) await forge.changeText(repository, known.number, change);
  return {
    url: known.url,
    summary: `The branch was pushed to its pull request ${known.url}. ${summary}`,
  };
}

/** The changes to an open pull request. Keeps texts that a person has edited. */
function changeOf(
  known: OpenPullRequest,
  { title, body }: TitleAndBody,
): { change: Partial<TitleAndBody>; summary: string } {
  const edited = editedSince(known);
  if (edited.body) {
    const kept = 'Its text was edited or written by a person, so title and text stay unchanged.';
    return { change: {}, summary: `${kept} The new text is in pull-request.md of the session.` };
  }
  const change = {
    ...(edited.title || known.title === title ? {} : { title }),
    ...(plain(known.body) === plain(body) ? {} : { body }),
  };
  const updated = edited.title ? 'Its text is' : 'Its title and text are';
  const kept = edited.title ? ' Its title was edited, so it stays unchanged.' : '';
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
