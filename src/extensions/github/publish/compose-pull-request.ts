import { join } from 'node:path';
import { namesAt } from '../../../core/kernel/files/path-stats.ts';
import { gitLine, runGit } from '../../../core/project/git/git.ts';
import { type ChangeRange, commitsSince, diffStat } from '../../../core/project/worktrees/changes.ts';
import {
  documentText,
  parseDocumentName,
  sortNewestFirst,
} from '../../../core/session/documents/documents.ts';
import { parseMarkdown, sectionNamed } from '../../../core/session/documents/markdown-lines.ts';
import { taskText } from '../../../core/session/documents/overview.ts';
import { parseQa, questionHash } from '../../../core/session/documents/qa.ts';
import type { QaQuestion } from '../../../core/session/documents/qa-blocks.ts';
import type { IssueFact } from '../../../core/session/events/bodies/session-file.ts';
import { dateOf } from '../../../core/session/layout/names.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import { makeProof } from '../../../core/session/proof/make-proof.ts';
import type { GhContext } from '../forge/gh.ts';
import { repositoryIs } from '../forge/request-repository.ts';
import type { Publishable } from './publication.ts';
import { type AnsweredQuestion, type PullRequestText, pullRequestText } from './pull-request-text.ts';
import { type PullRequest, pullRequestOf } from './target.ts';

export interface ComposedPullRequest extends PullRequestText {
  request: PullRequest;
  /** Notes about the text for the person, one sentence each. */
  notes: string[];
}

/**
 * Composes the text of a session's pull request. Changes nothing.
 * @param withAnswers include people's answers even if the repository is public; only a person may ask for this
 */
export async function composePullRequest(
  judged: Publishable,
  withAnswers: boolean,
  context: GhContext,
): Promise<ComposedPullRequest> {
  const { view, base, git } = judged;
  const { sessionFile, state, folder, paths } = view;
  if (sessionFile === undefined) throw new Error('The judged session has no session file.');
  const request = await pullRequestOf(judged, sessionFile, context);
  const head = `refs/heads/${state.worktree?.branch}`;
  const range = { ...git, cwd: sessionFile.mainRepo, base: state.worktree?.baseCommit ?? '', head };
  const answered = await answeredQuestions(view);
  const { repository } = request;
  const asks = answered.length > 0 && repository !== undefined;
  const isPrivate = asks ? await repositoryIs('private', repository, context) : undefined;
  const hasAnswers = isPrivate === true || withAnswers;
  const { commits, total } = await commitsSince(range, 50);
  const proof = makeProof(await readEvents(paths, 0));
  const isOfTip = proof?.commit === base?.tip;
  const template = await templateIn(range);
  const text = pullRequestText({
    folder,
    closes: closedIssue(request, sessionFile.issue),
    status: state.status,
    task: state.goal ?? taskText(sessionFile),
    description: await agentsDescription(view),
    decisions: answered,
    withAnswers: hasAnswers,
    commits: { subjects: commits.toReversed().map(({ subject }) => subject), total },
    stat: await diffStat(range, 100),
    proof: isOfTip ? proof : undefined,
    olderProof: isOfTip ? undefined : proof?.commit,
    template: template?.text,
  });
  const notes = [
    ...(template === undefined ? [] : [`The text ends with the repository's template, ${template.path}.`]),
    ...(answered.length === 0 ? [] : [aboutAnswers(hasAnswers, isPrivate)]),
    ...(text.whole.length > text.readable.length + 1
      ? ['The proof with its hashes will be folded below the text.']
      : []),
  ];
  return { request, ...text, notes };
}

function closedIssue({ repository }: PullRequest, issue: IssueFact | undefined): string | undefined {
  if (issue === undefined) return undefined;
  const isHere = repository?.toLowerCase() === issue.repository.toLowerCase();
  return `${isHere ? '' : issue.repository.split('/').slice(1).join('/')}#${issue.number}`;
}

function aboutAnswers(hasAnswers: boolean, isPrivate: boolean | undefined): string {
  const why =
    isPrivate === undefined
      ? 'it is not known whether the repository is private'
      : `the repository is ${isPrivate ? 'private' : 'public'}`;
  if (hasAnswers) return `The text contains people's answers${isPrivate ? `: ${why}` : ', as you asked'}.`;
  return `The text leaves out people's answers, since ${why}; a person can include it with --with-answers in a terminal.`;
}

/** The questions answered for the current goal. One that an agent has since rewritten has no text here. */
async function answeredQuestions({ state, paths }: Publishable['view']): Promise<AnsweredQuestion[]> {
  const { questions } = parseQa((await documentText(paths.qa)) ?? '');
  const asked = new Map(questions.map((question) => [questionHash(question), question]));
  return state.answers.map(({ id, question: hash, text, by }) => {
    const question = asked.get(hash);
    return { id, question: question?.text, answer: question ? withOptionTexts(question, text) : text, by };
  });
}

/** Expands `B` to `B: its maintainers`. */
function withOptionTexts({ options }: QaQuestion, answer: string): string {
  const chosen = answer.split(', ').map((letter) => options.find((option) => option.letter === letter));
  return chosen.every((option) => option !== undefined)
    ? chosen.map(({ letter, text }) => `${letter}: ${text}`).join('; ')
    : answer;
}

/** The pull request section of the agent's newest summary. */
async function agentsDescription({ paths, folder, state }: Publishable['view']): Promise<string | undefined> {
  if (state.status.kind !== 'done') return undefined;
  const names = (namesAt(paths.sessionDir) ?? []).filter(
    (name) => parseDocumentName(name)?.kind === 'summary',
  );
  const [newest] = sortNewestFirst(names, dateOf(folder));
  if (newest === undefined) return undefined;
  const doc = parseMarkdown((await documentText(join(paths.sessionDir, newest))) ?? '');
  const part = sectionNamed(doc, 'PR Description');
  return part && doc.lines.slice(part.start, part.end).join('').trim();
}

const TEMPLATE = /^(?:\.github\/|docs\/)?pull_request_template\.(?:md|txt)$/i;
const TEMPLATE_FOLDERS = ['.github/', './', 'docs/'];
const MAX_TEMPLATE_CHARS = 20_000;

/** The template that GitHub uses for a new pull request. Read from the base, because agents write to the branch. */
async function templateIn({
  base,
  head: _,
  ...context
}: ChangeRange): Promise<{ path: string; text: string } | undefined> {
  const options = { ...context, allowFailure: true };
  const list = ['ls-tree', '--full-tree', '--name-only', '-z', base, '--', ...TEMPLATE_FOLDERS];
  const path = (await gitLine(list, options)).split('\0').find((name) => TEMPLATE.test(name));
  if (path === undefined) return undefined;
  const { stdout, exitCode } = await runGit(['cat-file', 'blob', `${base}:${path}`], options);
  if (exitCode !== 0 || stdout.length > MAX_TEMPLATE_CHARS || stdout.trim() === '') return undefined;
  return { path, text: stdout.replaceAll('\r\n', '\n') };
}
