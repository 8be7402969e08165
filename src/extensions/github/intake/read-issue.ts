import { resolveWork } from '../../../core/acts/sessions/resolve-work.ts';
import type { ResolvedWork } from '../../../core/acts/sessions/start/start-sources.ts';
import type { IssueWork } from '../../../core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { listed, shownText } from '../../../core/kernel/text.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { inlineMaterial, material } from '../../../core/session/documents/material.ts';
import type { GivenIssue } from '../../../core/session/events/bodies/session-file.ts';
import { boundedDocument } from '../forge/bounded-document.ts';
import { FORGE_ERRORS } from '../forge/forge-errors.ts';
import { GitHub } from '../forge/github.ts';
import { type Author, isBySamocode } from '../forge/github-answers.ts';
import type { Issue } from '../forge/issue-answers.ts';
import { repositoriesOf } from '../forge/project-repositories.ts';
import { trustedAuthors, trustedIn } from '../forge/trusted-authors.ts';

const PLACE = /^https?:\/\/([\w.-]+(?::\d+)?)\/([\w.-]+\/[\w.-]+)\/(issues|pull)\/(\d{1,9})(?:[/?#].*)?$/;
const MAX_BODY_CHARS = 40_000;
const MAX_COMMENT_CHARS = 8000;
const MAX_CHARS = 300_000;

/** Work on an issue as a session records it. */
export async function resolveIssue(
  { issue: given, with: added }: IssueWork,
  project: Project,
  context: ActionContext,
): Promise<ResolvedWork> {
  const more = added && (await resolveWork(added, project, context));
  const reading = { forge: new GitHub(context), context };
  const issue = typeof given === 'string' ? await readIssue(given, project, reading) : given;
  return { ...more, issue, task: issueTask(issue, more?.task), words: `issue-${issue.number}` };
}

/** Reads the issue that a start names by number or address. */
export async function readIssue(
  given: string,
  project: Pick<Project, 'mainRepo' | 'values'>,
  { forge, context }: { forge: GitHub; context: Pick<ActionContext, 'env'> },
): Promise<GivenIssue> {
  const unusable = (problem: string, fix: string) =>
    FORGE_ERRORS.issue_unusable({ given: shownText(given).slice(0, 200), problem, fix });
  const [, host, path, kind] = PLACE.exec(given) ?? [];
  const number = Number(PLACE.exec(given)?.[4] ?? /^#?(\d{1,9})$/.exec(given)?.[1] ?? 0);
  if (number === 0) throw unusable('is not an issue', 'Give its number, or its address.');
  if (kind === 'pull') throw unusable('is a pull request', 'To work on its reviews, use "samocode round".');
  const here = await repositoriesOf(project, context);
  const named = `${host}/${path}`.toLowerCase();
  const repository =
    host === undefined ? await here?.issues() : here?.named.find((each) => each.toLowerCase() === named);
  if (repository === undefined)
    throw host === undefined
      ? unusable(
          'cannot be found: no remote of this project names a repository on GitHub',
          'Add such a remote.',
        )
      : unusable(
          'is in a repository that no remote of this project points to',
          'Start it in the project of that repository.',
        );
  const issue = await forge.issue(repository, number).catch((error: unknown) => {
    if (!FORGE_ERRORS.forge_refused.is(error)) throw error;
    const problem = `is not shown by ${repository}: it is a pull request, was deleted or moved, or your login may not read it`;
    throw unusable(problem, 'Check its number and the account that gh uses.');
  });
  if (!isAt(issue, repository)) throw unusable(`was moved to ${issue.url}`, 'Start it from there.');
  if (!issue.isOpen) throw unusable('is closed', 'Reopen it first.');
  return await givenIssue(issue, repository, { forge, project });
}

/** Whether the issue is still in that repository; GitHub returns a moved one with its new address. */
export function isAt({ url, number }: Pick<Issue, 'url' | 'number'>, repository: string): boolean {
  return url.toLowerCase() === `https://${repository}/issues/${number}`.toLowerCase();
}

/** The issue as a session stores it. As in rounds, it quotes only comments by people who may steer agents. */
export async function givenIssue(
  issue: Issue,
  repository: string,
  { forge, project }: { forge: GitHub; project: Pick<Project, 'values'> },
): Promise<GivenIssue> {
  const comments = issue.comments.filter((comment) => !isBySamocode(comment));
  const authors = [issue.author, ...comments.map(({ author }) => author)];
  const trusted = await trustedAuthors(authors, repository, { forge, trusted: trustedIn(project) });
  const { number, url, title } = issue;
  return { repository, number, url, title, text: issueText({ ...issue, comments }, trusted) };
}

/** The document that agents read: our own text, and quotations with their authors. */
export function issueText(
  issue: Pick<Issue, 'number' | 'url' | 'title' | 'body' | 'author' | 'comments'>,
  trusted: ReadonlySet<string>,
): string {
  const { number, url, title, body, author, comments } = issue;
  const who = ({ login }: Author) => inlineMaterial(login);
  const quoted = comments.filter(({ author: { login } }) => trusted.has(login));
  const others = comments.filter(({ author: { login } }) => !trusted.has(login));
  const left = [...new Set(others.map((comment) => who(comment.author)))];
  const parts = [
    `# Issue #${number}`,
    `${inlineMaterial(url)}, opened by ${who(author)}${trusted.has(author.login) ? '' : ', who has no write access to the repository'}.`,
    material(title, MAX_COMMENT_CHARS),
    `${who(author)} writes:\n\n${material(body, MAX_BODY_CHARS, url)}`,
    ...quoted.map(
      (comment) =>
        `${who(comment.author)} comments:\n\n${material(comment.body, MAX_COMMENT_CHARS, comment.url)}`,
    ),
    ...(left.length === 0
      ? []
      : [`Left out: comments of ${listed(left, 20)}, who have no write access to the repository.`]),
  ];
  return boundedDocument(parts, MAX_CHARS);
}

/** The task of a session that starts from an issue, followed by what a person added. */
function issueTask({ number, repository }: GivenIssue, task: string | undefined): string {
  const name = repository.split('/').slice(1).join('/');
  const sentence = `Work on issue #${number} of ${name}, which _issue.md quotes.`;
  return task === undefined ? sentence : `${sentence}\n\n${task}`;
}
