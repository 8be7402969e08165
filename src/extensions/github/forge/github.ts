import * as z from 'zod';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { FORGE_ERRORS } from './forge-errors.ts';
import { ask, type GhContext, gh, noAnswer, query, read, type Subject } from './gh.ts';
import { ForgeText, markerLine, nodes, Time } from './github-answers.ts';
import { ISSUE, type Issue, IssueNode } from './issue-answers.ts';
import { readJobLog } from './job-log.ts';
import {
  ChecksPage,
  checkFields,
  DefaultBranch,
  DetailsNode,
  defaultBranchFields,
  detailFields,
  type ForgeCheck,
  type PullRequestDetails,
  type PullRequestSummary,
  SUMMARY_FIELDS,
  SummaryNode,
} from './pull-request-answers.ts';
import { partsOf } from './repository-name.ts';

const PER_REQUEST = 50;

export interface PullRequestSummaries {
  pullRequests: ReadonlyMap<number, PullRequestSummary>;
  budget: z.infer<typeof Budget>;
}

const Budget = z.object({ remaining: z.int(), resetAt: Time });

const Posted = nodes(z.object({ body: z.string(), viewerDidAuthor: z.boolean(), url: z.string() }));
const POSTED = 'comments(last: 100) { nodes { body viewerDidAuthor url } }';
const IN_THREAD = `... on PullRequestReviewThread { top: comments(first: 1) { nodes { fullDatabaseId } } ${POSTED} }`;

/** A text that samocode posts as the person, once for each marker: a line such as `<session> <round>`. */
interface NewComment {
  repository: string;
  number: number;
  /** Id of the thread to reply to; if absent, the comment is about the whole pull request. */
  thread?: string;
  isOnIssue?: boolean;
  body: string;
  marker: string;
}

/** The texts are complete, with GitHub's line endings. */
const OpenPullRequestAnswer = z
  .object({ number: z.int(), html_url: ForgeText, title: z.string(), body: z.string().nullish() })
  .transform(({ number, html_url, title, body }) => ({ number, url: html_url, title, body: body ?? '' }));
export type OpenPullRequest = z.infer<typeof OpenPullRequestAnswer>;
export type TitleAndBody = Pick<OpenPullRequest, 'title' | 'body'>;

interface NewPullRequest extends TitleAndBody {
  /** Its branch: `branch` in the repository itself, `owner:branch` in a fork. */
  head: string;
  /** Undefined for the default branch of the repository. */
  base: string | undefined;
  isDraft: boolean;
}

export type JobLogs = ReadonlyMap<ForgeCheck, readonly string[] | undefined>;

export interface CheckedBranch {
  branch: string;
  commit: string;
  checks: readonly ForgeCheck[];
}

const Commit = z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) });
const PublishedAnswer = z.object({ head: Commit, base: Commit, body: z.string().nullish() });

/**
 * GitHub, accessed through `gh api` with the person's login. Needs gh 2.23 or newer. A repository is named
 * `host/owner/name`. Every method throws one of FORGE_ERRORS if GitHub gave no answer.
 */
export class GitHub {
  readonly #context: GhContext;

  constructor(context: GhContext) {
    this.#context = context;
  }

  /**
   * The name of the person's account; undefined for a login without a user, such as that of a CI job. Does not use
   * `gh auth status`, which reports an invalid login when the machine is only offline.
   */
  async login(host: string): Promise<string | undefined> {
    const about = { host, subject: 'your account' };
    const answer = await ask(this.#context, about, { path: 'user' });
    try {
      return read(z.object({ login: z.string() }), answer, about).login;
    } catch (error) {
      // The login of a CI job has no user.
      if (FORGE_ERRORS.forge_refused.is(error)) return undefined;
      throw error;
    }
  }

  /**
   * Summaries of several pull requests, with one cheap request for every 50. One that does not exist, or about which
   * GitHub reports an error, is missing from the answer. `budget`: the rest of the login's rate limit.
   */
  async pullRequests(repository: string, numbers: readonly number[]): Promise<PullRequestSummaries> {
    const fields = numbers
      .slice(0, PER_REQUEST)
      .map((number) => `p${number}: pullRequest(number: ${number}) { ${SUMMARY_FIELDS} }`);
    const { repository: found, rateLimit } = await query(this.#context, {
      repository,
      subject: `the pull requests of ${repository}`,
      fields: fields.join('\n'),
      schema: z.object({
        rateLimit: Budget,
        repository: z.object({ nameWithOwner: z.string() }).catchall(SummaryNode),
      }),
      isParted: true,
    });
    const { nameWithOwner: _, ...answers } = found;
    const here = Object.values(answers).map((each): [number, PullRequestSummary] => [each.number, each]);
    const pullRequests = new Map(here);
    if (numbers.length <= PER_REQUEST) return { pullRequests, budget: rateLimit };
    const { pullRequests: others, budget } = await this.pullRequests(repository, numbers.slice(PER_REQUEST));
    return { pullRequests: new Map([...pullRequests, ...others]), budget };
  }

  async details(repository: string, number: number): Promise<PullRequestDetails> {
    const pull = <T>(fields: string, node: z.ZodType<T>) =>
      this.#one(repository, `pull request ${number}`, `pullRequest(number: ${number}) { ${fields} }`, node);
    const { page, ...rest } = await pull(detailFields(number), DetailsNode);
    const checks = [...page.checks];
    for (let { next } = page; next !== undefined; ) {
      const more = await pull(checkFields(number, next), z.object({ page: ChecksPage }));
      checks.push(...more.page.checks);
      next = more.page.next;
    }
    return { ...rest, checks };
  }

  /** Posts a comment, unless the person has already posted one with the same marker. */
  async comment(comment: NewComment): Promise<{ url: string }> {
    const { repository, number, thread, isOnIssue } = comment;
    const { path, about } = this.#endpoint(repository, `${isOnIssue ? 'issue' : 'pull request'} ${number}`);
    const { known, top, text } = await this.#posted(comment, about);
    if (known !== undefined) return known;
    // Not by GraphQL, which would add a reply to the person's pending review, where nobody else sees it.
    if (thread !== undefined && top === undefined) throw FORGE_ERRORS.forge_refused(about);
    const to = top ? `pulls/${number}/comments/${top}/replies` : `issues/${number}/comments`;
    const request = { path: `${path}/${to}`, method: 'POST', body: { body: text } } as const;
    const answer = await ask(this.#context, about, request);
    return { url: read(z.object({ html_url: ForgeText }), answer, about).html_url };
  }

  /**
   * Posts a comment with files on a pull request, as `comment` does. By `gh pr comment`, because the API has no request
   * that uploads a file.
   * @param files paths, whose names contain no `#`
   */
  async attach(comment: NewComment, files: readonly string[]): Promise<{ url: string }> {
    const { repository, number } = comment;
    const { host, about } = this.#endpoint(repository, `pull request ${number}`);
    const { known, text } = await this.#posted(comment, about);
    if (known !== undefined) return known;
    if (host !== 'github.com' && !host.endsWith('.ghe.com'))
      throw FORGE_ERRORS.forge_no_attachments({ host, isOldGh: false });
    const args = ['pr', 'comment', String(number), '--repo', repository, '--body-file', '-'];
    const attached = files.flatMap((file) => ['--attach', file]);
    const run = await gh(this.#context, [...args, ...attached], { input: `${text}\n` });
    if (/unknown flag: --attach/.test(run.stderr))
      throw FORGE_ERRORS.forge_no_attachments({ host, isOldGh: true });
    const url = /https:\/\/\S+/.exec(run.stdout)?.[0];
    if (run.exitCode !== 0 || url === undefined) throw noAnswer(run, host, this.#context);
    return { url };
  }

  /** The comment of the person with this marker, the id of the first one in its thread, and the text to post. */
  async #posted({ repository, number, thread, isOnIssue, body, marker }: NewComment, { subject }: Subject) {
    const found = await query(this.#context, {
      repository,
      subject,
      fields: `place: ${isOnIssue ? 'issue' : 'pullRequest'}(number: ${number}) { ${POSTED} }`,
      more: thread === undefined ? '' : `node(id: ${JSON.stringify(thread)}) { ${IN_THREAD} }`,
      schema: z.object({
        repository: z.object({ place: z.object({ comments: Posted }) }),
        node: z
          .object({ top: nodes(z.object({ fullDatabaseId: z.coerce.string() })), comments: Posted })
          .optional(),
      }),
    });
    const { comments } = found.node ?? found.repository.place;
    const line = markerLine(marker);
    const known = comments.find((each) => each.viewerDidAuthor && each.body.includes(line));
    const top = found.node?.top[0]?.fullDatabaseId;
    return { known: known && { url: known.url }, top, text: `${body.trimEnd()}\n\n${line}` };
  }

  async issue(repository: string, number: number): Promise<Issue> {
    return await this.#one(repository, `issue ${number}`, `issue(number: ${number}) { ${ISSUE} }`, IssueNode);
  }

  /** The open issues with a label, at most 100, oldest first. Costs one cheap request. */
  async labelledIssues(repository: string, label: string): Promise<{ number: number; updatedAt: string }[]> {
    const which = `states: [OPEN], labels: [${JSON.stringify(label)}], first: 100`;
    const node = nodes(z.object({ number: z.int(), updatedAt: z.string() }));
    const fields = `issues(${which}) { nodes { number updatedAt } }`;
    const issues = await this.#one(repository, 'the issues', fields, node);
    return issues.sort((a, b) => a.number - b.number);
  }

  /** The newest commit of the default branch, with its checks; undefined for an empty repository. */
  async defaultBranch(repository: string): Promise<CheckedBranch | undefined> {
    const checks: ForgeCheck[] = [];
    let after: string | undefined;
    for (;;) {
      const tip = await this.#one(
        repository,
        'the default branch',
        defaultBranchFields(after),
        DefaultBranch,
      );
      if (tip === undefined) return undefined;
      const { page, ...branch } = tip;
      checks.push(...page.checks);
      after = page.next;
      // A push between two pages leaves checks of the commit before it.
      if (after === undefined)
        return { ...branch, checks: checks.filter(({ head }) => head === branch.commit) };
    }
  }

  /**
   * Whether an account can currently write to the repository. Bots have no such permission. Does not use
   * `authorAssociation`: a member of an organization can lack write access.
   */
  async hasWriteAccess(repository: string, login: string): Promise<boolean> {
    const { path, about } = this.#endpoint(repository, 'the permissions of an account');
    const request = { path: `${path}/collaborators/${encodeURIComponent(login)}/permission` };
    const answer = await ask(this.#context, about, request);
    // No user has that name.
    if (answer.status === 404) return false;
    const { permission } = read(z.object({ permission: z.string() }), answer, about);
    return permission === 'admin' || permission === 'write';
  }

  /** The open pull request of a branch, which is named as in a `NewPullRequest`. */
  async openPullRequest(repository: string, head: string): Promise<OpenPullRequest | undefined> {
    const { owner, path, about } = this.#endpoint(repository, 'a pull request');
    const whole = encodeURIComponent(head.includes(':') ? head : `${owner}:${head}`);
    const answer = await ask(this.#context, about, { path: `${path}/pulls?state=open&head=${whole}` });
    return read(z.array(OpenPullRequestAnswer), answer, about)[0];
  }

  /** The current state of a pull request, with which the proof in its text is compared. */
  async published(repository: string, number: number) {
    const { path, about } = this.#endpoint(repository, `pull request ${number}`);
    const answer = await ask(this.#context, about, { path: `${path}/pulls/${number}` });
    const { head, base, body } = read(PublishedAnswer, answer, about);
    return { head: head.sha, base: base.sha, body: body ?? '' };
  }

  async open(repository: string, { isDraft, ...request }: NewPullRequest): Promise<OpenPullRequest> {
    const { path, about } = this.#endpoint(repository, 'a new pull request');
    if (request.base === undefined) {
      const answer = await ask(this.#context, about, { path });
      request.base = read(z.object({ default_branch: z.string() }), answer, about).default_branch;
    }
    const body = { ...request, draft: isDraft };
    const answer = await ask(this.#context, about, { path: `${path}/pulls`, method: 'POST', body });
    return read(OpenPullRequestAnswer, answer, about);
  }

  /** Changes the given fields and keeps the others. */
  async changeText(repository: string, number: number, body: Partial<TitleAndBody>): Promise<void> {
    const { path, about } = this.#endpoint(repository, `pull request ${number}`);
    const request = { path: `${path}/pulls/${number}`, method: 'PATCH', body } as const;
    read(z.unknown(), await ask(this.#context, about, request), about);
  }

  /** The 200 lines of a job's log that end with its last error; undefined if its run has not ended, or it has expired. */
  jobLog(repository: string, jobId: number): Promise<readonly string[] | undefined> {
    return readJobLog(this.#context, repository, jobId);
  }

  /** The logs of checks; undefined for one that has none, as those of other apps. */
  async jobLogs(repository: string, checks: readonly ForgeCheck[]): Promise<JobLogs> {
    const logs = new Map<ForgeCheck, readonly string[] | undefined>();
    for (const check of checks) {
      const { app, jobId } = check;
      const hasLog = app === 'github-actions' && jobId !== undefined;
      logs.set(check, hasLog ? await this.jobLog(repository, jobId) : undefined);
    }
    return logs;
  }

  async #one<T>(repository: string, what: string, field: string, node: z.ZodType<T>): Promise<T> {
    const found = await query(this.#context, {
      repository,
      subject: `${what} of ${repository}`,
      fields: `found: ${field}`,
      schema: z.object({ repository: z.object({ found: node }) }),
    });
    return found.repository.found;
  }

  #endpoint(repository: string, what: string) {
    const parts = partsOf(repository);
    return { ...parts, about: { host: parts.host, subject: `${what} of ${repository}` } };
  }
}

/** The person's current login. */
export interface ForgeLogin {
  forge: GitHub;
  /** Its `env` is the environment that sessions run in. */
  context: ActionContext;
}
