import * as z from 'zod';
import type {
  CheckedBranch,
  CommentWithFiles,
  Forge,
  ForgeCheck,
  Issue,
  NewComment,
  NewPullRequest,
  OpenPullRequest,
  PullRequestDetails,
  PullRequestSummaries,
  PullRequestSummary,
  TitleAndBody,
} from './forge.ts';
import { FORGE_ERRORS } from './forge-errors.ts';
import { ask, type GhContext, gh, noAnswer, query, read } from './gh.ts';
import { Budget, ForgeText, markerLine, nodes } from './github-answers.ts';
import { ISSUE, IssueNode } from './issue-answers.ts';
import { readJobLog } from './job-log.ts';
import {
  ChecksPage,
  checkFields,
  DefaultBranch,
  DetailsNode,
  defaultBranchFields,
  detailFields,
  SUMMARY_FIELDS,
  SummaryNode,
} from './pull-request-answers.ts';
import { partsOf } from './repository-name.ts';

const PER_REQUEST = 50;

const Posted = nodes(z.object({ body: z.string(), viewerDidAuthor: z.boolean(), url: z.string() }));
const POSTED = 'nodes { body viewerDidAuthor url }';

const OpenPullRequestAnswer = z
  .object({ number: z.int(), html_url: ForgeText, title: z.string(), body: z.string().nullish() })
  .transform(({ number, html_url, title, body }) => ({ number, url: html_url, title, body: body ?? '' }));

const Commit = z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) });
const PublishedAnswer = z.object({ head: Commit, base: Commit, body: z.string().nullish() });

/** GitHub, accessed through `gh api` with the person's login. Needs gh 2.23 or newer. */
export class GitHub implements Forge {
  readonly #context: GhContext;

  constructor(context: GhContext) {
    this.#context = context;
  }

  /** Does not use `gh auth status`, which reports an invalid login when the machine is only offline. */
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
    return {
      pullRequests: new Map([...pullRequests, ...others]),
      budget: { ...budget, cost: budget.cost + rateLimit.cost },
    };
  }

  async details(repository: string, number: number): Promise<PullRequestDetails> {
    const about = { repository, subject: `pull request ${number} of ${repository}` };
    const asked = <T extends z.ZodType>(fields: string, node: T) => ({
      ...about,
      fields: `pullRequest(number: ${number}) { ${fields} }`,
      schema: z.object({ repository: z.object({ pullRequest: node }) }),
    });
    const found = await query(this.#context, asked(detailFields(number), DetailsNode));
    const { page, ...rest } = found.repository.pullRequest;
    const checks = [...page.checks];
    for (let { next } = page; next !== undefined; ) {
      const more = await query(
        this.#context,
        asked(checkFields(number, next), z.object({ head: ChecksPage })),
      );
      checks.push(...more.repository.pullRequest.head.checks);
      next = more.repository.pullRequest.head.next;
    }
    return { ...rest, checks };
  }

  async comment({
    repository,
    number,
    thread,
    isOnIssue = false,
    body,
    marker,
  }: NewComment): Promise<{ url: string; isNew: boolean }> {
    const { path, about } = this.#place(repository, `${isOnIssue ? 'issue' : 'pull request'} ${number}`);
    const place = isOnIssue ? 'issue' : 'pullRequest';
    const inThread = `node(id: ${JSON.stringify(thread)}) { ... on PullRequestReviewThread {
      top: comments(first: 1) { nodes { fullDatabaseId } } comments(last: 100) { ${POSTED} } } }`;
    const top = nodes(z.object({ fullDatabaseId: z.coerce.string() }));
    const found = await query(this.#context, {
      repository,
      subject: about.subject,
      fields: `place: ${place}(number: ${number}) { comments(last: 100) { ${POSTED} } }`,
      more: thread === undefined ? '' : inThread,
      schema: z.object({
        repository: z.object({ place: z.object({ comments: Posted }) }),
        node: z.object({ top, comments: Posted }).optional(),
      }),
    });
    const { comments } = found.node ?? found.repository.place;
    const line = markerLine(marker);
    const known = comments.find((each) => each.viewerDidAuthor && each.body.includes(line));
    if (known !== undefined) return { url: known.url, isNew: false };
    // Not by GraphQL, which would add a reply to the person's pending review, where nobody else sees it.
    const first = found.node?.top[0]?.fullDatabaseId;
    if (thread !== undefined && first === undefined) throw FORGE_ERRORS.forge_refused(about);
    const to = first ? `pulls/${number}/comments/${first}/replies` : `issues/${number}/comments`;
    const text = { body: `${body.trimEnd()}\n\n${line}` };
    const answer = await ask(this.#context, about, { path: `${path}/${to}`, method: 'POST', body: text });
    return { url: read(z.object({ html_url: ForgeText }), answer, about).html_url, isNew: true };
  }

  /** By `gh pr comment`, because the API has no request that uploads a file. */
  async attach({ repository, number, body, marker, files }: CommentWithFiles) {
    const { host, about } = this.#place(repository, `pull request ${number}`);
    const found = await query(this.#context, {
      repository,
      subject: about.subject,
      fields: `place: pullRequest(number: ${number}) { comments(last: 100) { ${POSTED} } }`,
      schema: z.object({ repository: z.object({ place: z.object({ comments: Posted }) }) }),
    });
    const line = markerLine(marker);
    const posted = ({ viewerDidAuthor, body: text }: z.infer<typeof Posted>[number]) =>
      viewerDidAuthor && text.includes(line);
    const known = found.repository.place.comments.find(posted);
    if (known !== undefined) return { url: known.url, isNew: false };
    if (host !== 'github.com' && !host.endsWith('.ghe.com'))
      throw FORGE_ERRORS.forge_no_attachments({ host, isOldGh: false });
    const text = `${body.trimEnd()}\n\n${line}\n`;
    const args = ['pr', 'comment', String(number), '--repo', repository, '--body-file', '-'];
    const run = await gh(this.#context, [...args, ...files.flatMap((file) => ['--attach', file])], {
      input: text,
    });
    if (/unknown flag: --attach/.test(run.stderr))
      throw FORGE_ERRORS.forge_no_attachments({ host, isOldGh: true });
    const url = /https:\/\/\S+/.exec(run.stdout)?.[0];
    if (run.exitCode !== 0 || url === undefined) throw noAnswer(run, host, this.#context);
    return { url, isNew: true };
  }

  async issue(repository: string, number: number): Promise<Issue> {
    const found = await query(this.#context, {
      repository,
      subject: `issue ${number} of ${repository}`,
      fields: `issue(number: ${number}) { ${ISSUE} }`,
      schema: z.object({ repository: z.object({ issue: IssueNode }) }),
    });
    return found.repository.issue;
  }

  async labelledIssues(repository: string, label: string): Promise<{ number: number; updatedAt: string }[]> {
    const which = `states: [OPEN], labels: [${JSON.stringify(label)}], first: 100`;
    const found = await query(this.#context, {
      repository,
      subject: `the issues of ${repository}`,
      fields: `issues(${which}) { nodes { number updatedAt } }`,
      schema: z.object({
        repository: z.object({ issues: nodes(z.object({ number: z.int(), updatedAt: z.string() })) }),
      }),
    });
    return found.repository.issues.sort((a, b) => a.number - b.number);
  }

  async defaultBranch(repository: string): Promise<CheckedBranch | undefined> {
    const checks: ForgeCheck[] = [];
    let after: string | undefined;
    for (;;) {
      const found = await query(this.#context, {
        repository,
        subject: `the default branch of ${repository}`,
        fields: defaultBranchFields(after),
        schema: z.object({ repository: z.object({ defaultBranchRef: DefaultBranch }) }),
      });
      const tip = found.repository.defaultBranchRef;
      if (tip === undefined) return undefined;
      const { page, ...branch } = tip;
      checks.push(...page.checks);
      after = page.next;
      // A push between two pages leaves checks of the commit before it.
      if (after === undefined)
        return { ...branch, checks: checks.filter(({ head }) => head === branch.commit) };
    }
  }

  /** Does not use `authorAssociation`: a member of an organization can lack write access. */
  async hasWriteAccess(repository: string, login: string): Promise<boolean> {
    const { path, about } = this.#place(repository, 'the permissions of an account');
    const request = { path: `${path}/collaborators/${encodeURIComponent(login)}/permission` };
    const answer = await ask(this.#context, about, request);
    // No user has that name.
    if (answer.status === 404) return false;
    const { permission } = read(z.object({ permission: z.string() }), answer, about);
    return permission === 'admin' || permission === 'write';
  }

  async openPullRequest(repository: string, head: string): Promise<OpenPullRequest | undefined> {
    const { owner, path, about } = this.#place(repository, 'a pull request');
    const whole = encodeURIComponent(head.includes(':') ? head : `${owner}:${head}`);
    const answer = await ask(this.#context, about, { path: `${path}/pulls?state=open&head=${whole}` });
    return read(z.array(OpenPullRequestAnswer), answer, about)[0];
  }

  async published(repository: string, number: number) {
    const { path, about } = this.#place(repository, `pull request ${number}`);
    const answer = await ask(this.#context, about, { path: `${path}/pulls/${number}` });
    const { head, base, body } = read(PublishedAnswer, answer, about);
    return { head: head.sha, base: base.sha, body: body ?? '' };
  }

  async open(repository: string, { isDraft, ...request }: NewPullRequest): Promise<OpenPullRequest> {
    const { path, about } = this.#place(repository, 'a new pull request');
    if (request.base === undefined) {
      const answer = await ask(this.#context, about, { path });
      request.base = read(z.object({ default_branch: z.string() }), answer, about).default_branch;
    }
    const body = { ...request, draft: isDraft };
    const answer = await ask(this.#context, about, { path: `${path}/pulls`, method: 'POST', body });
    return read(OpenPullRequestAnswer, answer, about);
  }

  async changeText(repository: string, number: number, body: Partial<TitleAndBody>): Promise<void> {
    const { path, about } = this.#place(repository, `pull request ${number}`);
    const request = { path: `${path}/pulls/${number}`, method: 'PATCH', body } as const;
    read(z.unknown(), await ask(this.#context, about, request), about);
  }

  jobLog(repository: string, jobId: number): Promise<readonly string[] | undefined> {
    return readJobLog(this.#context, repository, jobId);
  }

  #place(repository: string, what: string) {
    const parts = partsOf(repository);
    return { ...parts, about: { host: parts.host, subject: `${what} of ${repository}` } };
  }
}
