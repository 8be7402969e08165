import * as z from 'zod';
import type { ForgeCheck, PullRequestSummary, Review, ReviewThread } from './forge.ts';
import {
  COMMENT,
  CommentNode,
  CommentShape,
  commentOf,
  ForgeText,
  maybe,
  nodes,
  Time,
} from './github-answers.ts';

const commits = <T extends z.ZodType>(rollup: T) =>
  nodes(z.object({ commit: z.object({ oid: z.string(), statusCheckRollup: maybe(rollup) }) }));

const SummaryShape = z.object({
  number: z.int(),
  url: ForgeText,
  state: z.string(),
  mergeCommit: maybe(z.object({ oid: z.string() })),
  headRefOid: z.string(),
  baseRefOid: z.string(),
  baseRefName: ForgeText,
  updatedAt: Time,
  mergeable: z.string(),
  reviewDecision: maybe(z.string()),
  commits: commits(z.object({ state: z.string() })),
  reviewThreads: nodes(z.object({ comments: nodes(z.object({ id: z.string() })) })),
});

/** Three connections: 50 pull requests cost 150 requests, which are 2 points. */
export const SUMMARY_FIELDS = `
  number url state mergeCommit { oid } headRefOid baseRefOid baseRefName updatedAt mergeable reviewDecision
  commits(last: 1) { nodes { commit { oid statusCheckRollup { state } } } }
  reviewThreads(last: 1) { nodes { comments(last: 1) { nodes { id } } } }`;

const REVIEW: Readonly<Record<string, PullRequestSummary['review']>> = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'changes_requested',
  REVIEW_REQUIRED: 'required',
};
const MERGEABLE: Readonly<Record<string, PullRequestSummary['mergeable']>> = {
  MERGEABLE: 'yes',
  CONFLICTING: 'conflict',
};
const ROLLUP: Readonly<Record<string, PullRequestSummary['rollup']>> = {
  SUCCESS: 'passed',
  FAILURE: 'failed',
  ERROR: 'failed',
  PENDING: 'running',
  EXPECTED: 'running',
};

function summaryOf(answer: z.infer<typeof SummaryShape>): PullRequestSummary {
  const { number, url, state, headRefOid, baseRefOid, baseRefName, updatedAt } = answer;
  const isMerged = state === 'MERGED';
  return {
    number,
    url,
    head: headRefOid,
    base: baseRefOid,
    baseBranch: baseRefName,
    updatedAt,
    state: isMerged ? 'merged' : state === 'CLOSED' ? 'closed' : 'open',
    mergeCommit: isMerged ? answer.mergeCommit?.oid : undefined,
    mergeable: MERGEABLE[answer.mergeable] ?? 'unknown',
    review: REVIEW[answer.reviewDecision ?? ''] ?? 'none',
    rollup: ROLLUP[answer.commits[0]?.commit.statusCheckRollup?.state ?? ''] ?? 'none',
    lastComment: answer.reviewThreads[0]?.comments[0]?.id,
  };
}

export const SummaryNode = SummaryShape.transform(summaryOf);

const Run = z.object({
  __typename: z.literal('CheckRun'),
  databaseId: maybe(z.int()),
  name: ForgeText,
  status: z.string(),
  conclusion: maybe(z.string()),
  detailsUrl: maybe(ForgeText),
  title: maybe(ForgeText),
  checkSuite: maybe(
    z.object({
      app: maybe(z.object({ slug: ForgeText })),
      branch: maybe(z.object({ name: ForgeText })),
      workflowRun: maybe(z.object({ event: z.string() })),
    }),
  ),
  isRequired: z.boolean().default(false),
});
const StatusContext = z.object({
  __typename: z.literal('StatusContext'),
  id: z.string(),
  context: ForgeText,
  state: z.string(),
  targetUrl: maybe(ForgeText),
  description: maybe(ForgeText),
  isRequired: z.boolean().default(false),
});

const CheckNode = z
  .discriminatedUnion('__typename', [Run, StatusContext])
  .transform((check): Omit<ForgeCheck, 'head'> => {
    const { isRequired } = check;
    const none = { app: undefined, jobId: undefined };
    if (check.__typename === 'StatusContext') {
      const { id, context, state, targetUrl, description } = check;
      const about = { name: context, attempt: id, state: STATES[state] ?? 'other', isRequired };
      return { ...about, ...none, url: targetUrl, text: description };
    }
    const { databaseId, name, status, conclusion, checkSuite, detailsUrl, title } = check;
    const state = STATES[(status === 'COMPLETED' ? conclusion : status) ?? ''] ?? 'other';
    const about = { name, attempt: `${databaseId}`, state, isRequired, app: checkSuite?.app?.slug };
    const event = checkSuite?.workflowRun?.event;
    const branch = checkSuite?.branch?.name;
    return { ...about, ...(event && { event, branch }), jobId: databaseId, url: detailsUrl, text: title };
  });

const STATES: Readonly<Record<string, ForgeCheck['state']>> = {
  SUCCESS: 'passed',
  NEUTRAL: 'passed',
  SKIPPED: 'passed',
  FAILURE: 'failed',
  ERROR: 'failed',
  TIMED_OUT: 'failed',
  STARTUP_FAILURE: 'failed',
  PENDING: 'running',
  QUEUED: 'running',
  IN_PROGRESS: 'running',
};

const ContextsPage = z.object({
  contexts: z.object({
    nodes: z.array(CheckNode),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: maybe(z.string()) }),
  }),
});

const CheckedCommit = z.object({ oid: z.string(), statusCheckRollup: maybe(ContextsPage) });

function pageOf(commit: z.infer<typeof CheckedCommit> | undefined) {
  const { nodes: checks = [], pageInfo } = commit?.statusCheckRollup?.contexts ?? {};
  const ofHead = checks.map((check): ForgeCheck => ({ ...check, head: commit?.oid ?? '' }));
  return { checks: ofHead, next: pageInfo?.hasNextPage ? pageInfo.endCursor : undefined };
}

/** A page of the head's checks, and the cursor of the next page. */
export const ChecksPage = commits(ContextsPage).transform(([head]) => pageOf(head?.commit));

/** @param after the cursor at which the previous page ended */
export function checkFields(number: number, after?: string): string {
  const required = `isRequired(pullRequestNumber: ${number})`;
  return `head: commits(last: 1) { nodes { commit { ${contexts({ after, ofCheck: required })} } } }`;
}

function contexts({ after, ofCheck = '', ofRun = '' }: { after?: string; ofCheck?: string; ofRun?: string }) {
  return `oid statusCheckRollup {
    contexts(first: 100${after === undefined ? '' : `, after: ${JSON.stringify(after)}`}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        __typename
        ... on CheckRun { databaseId name status conclusion detailsUrl title ${ofCheck}
          checkSuite { app { slug } ${ofRun} } }
        ... on StatusContext { id context state targetUrl description ${ofCheck} }
      } } }`;
}

/** The default branch, and a page of the checks of its tip. GitHub sends null for an empty repository. */
export const DefaultBranch = maybe(
  z.object({ name: ForgeText, target: CheckedCommit }).transform(({ name, target }) => ({
    branch: name,
    commit: target.oid,
    page: pageOf(target),
  })),
);

export function defaultBranchFields(after?: string): string {
  const tip = contexts({ after, ofRun: 'branch { name } workflowRun { event }' });
  return `defaultBranchRef { name target { ... on Commit { ${tip} } } }`;
}

const REVIEWS = ['approved', 'changes_requested', 'commented', 'dismissed', 'pending'] as const;

const ReviewNode = CommentShape.extend({
  state: z.string().toLowerCase().pipe(z.enum(REVIEWS)),
}).transform(({ state, ...comment }): Review => ({ ...commentOf(comment), state }));

const ThreadNode: z.ZodType<ReviewThread> = z.object({
  id: z.string(),
  isResolved: z.boolean(),
  isOutdated: z.boolean(),
  path: ForgeText,
  line: maybe(z.int()),
  comments: nodes(CommentNode),
});

const DetailsShape = SummaryShape.extend({
  head: ChecksPage,
  title: ForgeText,
  threads: nodes(ThreadNode),
  reviews: nodes(ReviewNode),
});

/** About 110 requests, which are 1 point. */
export const detailFields = (number: number) => `${SUMMARY_FIELDS}
  ${checkFields(number)}
  title
  threads: reviewThreads(last: 100) { nodes {
    id isResolved isOutdated path line comments(last: 20) { nodes { ${COMMENT} } } } }
  reviews(last: 100) { nodes { ${COMMENT} state } }`;

export const DetailsNode = DetailsShape.transform(({ title, head, threads, reviews, ...summary }) => ({
  ...summaryOf(summary),
  ...{ title, page: head, threads, reviews },
}));
