import * as z from 'zod';
import { COMMENT, CommentNode, ForgeText, maybe, nodes, Time } from './github-answers.ts';

const last = <T extends z.ZodType>(schema: T) => nodes(schema).transform(([node]) => node);

const inCommit = <T extends z.ZodType>(rollup: T) =>
  last(z.object({ commit: z.object({ oid: z.string(), statusCheckRollup: maybe(rollup) }) })).transform(
    (node) => node?.commit,
  );

export const SummaryNode = z.object({
  number: z.int(),
  url: ForgeText,
  // As it is recorded.
  state: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['open', 'merged', 'closed']).catch('open')),
  /** Present once it is merged, by a merge, a squash or a rebase. */
  mergeCommit: maybe(z.object({ oid: z.string() })).transform((commit) => commit?.oid),
  head: z.string(),
  base: z.string(),
  baseBranch: ForgeText,
  /** Changes with comments and edits, not with checks. */
  updatedAt: Time,
  /** `UNKNOWN`: GitHub has not computed it yet; not treated as a conflict. */
  mergeable: z.enum(['MERGEABLE', 'CONFLICTING', 'UNKNOWN']).catch('UNKNOWN'),
  // The rest is only compared.
  reviewDecision: maybe(z.string()),
  /** All checks of the head taken together, required or not. */
  rollup: inCommit(z.object({ state: z.string() })),
  /** The newest comment in the newest thread. A reply in an older thread changes only `updatedAt`. */
  lastThread: last(z.object({ comments: last(z.object({ id: z.string() })) })),
});
export type PullRequestSummary = z.infer<typeof SummaryNode>;

/** Three connections: 50 pull requests cost 150 requests, which are 2 points. */
export const SUMMARY_FIELDS = `
  number url state mergeCommit { oid } head: headRefOid base: baseRefOid baseBranch: baseRefName
  updatedAt mergeable reviewDecision
  rollup: commits(last: 1) { nodes { commit { oid statusCheckRollup { state } } } }
  lastThread: reviewThreads(last: 1) { nodes { comments(last: 1) { nodes { id } } } }`;

const Run = z.object({
  __typename: z.literal('CheckRun'),
  databaseId: maybe(z.int()),
  name: ForgeText,
  status: z.string(),
  startedAt: maybe(Time),
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
  createdAt: maybe(Time),
  targetUrl: maybe(ForgeText),
  description: maybe(ForgeText),
  isRequired: z.boolean().default(false),
});

/** A check of a commit, whether a run of an app or a status, which are two forms at GitHub. */
export interface ForgeCheck {
  name: string;
  /** Without a rule for the base branch, none is. */
  isRequired: boolean;
  /** `other`: not reported yet, cancelled, out of date, or waiting for a person. */
  state: 'passed' | 'failed' | 'running' | 'other';
  /** Of a status: when it was set. Undefined for a run that has not begun. */
  startedAt: string | undefined;
  head: string;
  /** Changes each time the check is started. */
  attempt: string;
  /** Slug of the app that reports it. Only checks of `github-actions` have logs. */
  app: string | undefined;
  /** The event that started its workflow, such as `push`; known only for `defaultBranch`. */
  event?: string;
  /** The branch whose push or other event that was; undefined for a tag. */
  branch?: string | undefined;
  jobId: number | undefined;
  url: string | undefined;
  /** The description that a check without a log reports. */
  text: string | undefined;
}

const CheckNode = z
  .discriminatedUnion('__typename', [Run, StatusContext])
  .transform((check): Omit<ForgeCheck, 'head'> => {
    const { isRequired } = check;
    const none = { app: undefined, jobId: undefined };
    if (check.__typename === 'StatusContext') {
      const { id, context, state, createdAt: startedAt, targetUrl, description } = check;
      const about = { name: context, attempt: id, state: STATES[state] ?? 'other', startedAt, isRequired };
      return { ...about, ...none, url: targetUrl, text: description };
    }
    const { databaseId, name, status, startedAt, conclusion, checkSuite, detailsUrl, title } = check;
    const state = STATES[(status === 'COMPLETED' ? conclusion : status) ?? ''] ?? 'other';
    const about = {
      name,
      attempt: `${databaseId}`,
      state,
      startedAt,
      isRequired,
      app: checkSuite?.app?.slug,
    };
    const event = checkSuite?.workflowRun?.event;
    const branch = checkSuite?.branch?.name;
    return { ...about, ...(event && { event, branch }), jobId: databaseId, url: detailsUrl, text: title };
  });

/** Jobs may take days; what has begun and never reports its end must not hold up a round for ever. */
const LONGEST_RUN_MS = 3 * 24 * 3_600_000;

export function isCheckRunning({ state, startedAt = '' }: ForgeCheck, nowMs: number): boolean {
  return state === 'running' && !(nowMs - Date.parse(startedAt) > LONGEST_RUN_MS);
}

/** Of three enums of GitHub: states of a status, and the status and conclusion of a run. */
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
export const ChecksPage = inCommit(ContextsPage).transform(pageOf);

/** @param after the cursor at which the previous page ended */
export function checkFields(number: number, after?: string): string {
  const required = `isRequired(pullRequestNumber: ${number})`;
  return `page: commits(last: 1) { nodes { commit { ${contexts({ after, ofCheck: required })} } } }`;
}

function contexts({ after, ofCheck = '', ofRun = '' }: { after?: string; ofCheck?: string; ofRun?: string }) {
  return `oid statusCheckRollup {
    contexts(first: 100${after === undefined ? '' : `, after: ${JSON.stringify(after)}`}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        __typename
        ... on CheckRun { databaseId name status startedAt conclusion detailsUrl title ${ofCheck}
          checkSuite { app { slug } ${ofRun} } }
        ... on StatusContext { id context state createdAt targetUrl description ${ofCheck} }
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

const ReviewNode = CommentNode.extend({
  state: z.enum(['APPROVED', 'CHANGES_REQUESTED', 'COMMENTED', 'DISMISSED', 'PENDING']).catch('COMMENTED'),
});
export type Review = z.infer<typeof ReviewNode>;

const ThreadNode = z.object({
  id: z.string(),
  isResolved: z.boolean(),
  isOutdated: z.boolean(),
  path: ForgeText,
  line: maybe(z.int()),
  /** The newest 20, oldest first. */
  comments: nodes(CommentNode),
});
export type ReviewThread = z.infer<typeof ThreadNode>;

/** Everything about a pull request that can start a round, with the first page of the head's checks. */
export const DetailsNode = SummaryNode.extend({
  title: ForgeText,
  page: ChecksPage,
  threads: nodes(ThreadNode),
  reviews: nodes(ReviewNode),
});
export type PullRequestDetails = Omit<z.infer<typeof DetailsNode>, 'page'> & {
  checks: readonly ForgeCheck[];
};

/** About 110 requests, which are 1 point. */
export const detailFields = (number: number) => `${SUMMARY_FIELDS}
  ${checkFields(number)}
  title
  threads: reviewThreads(last: 100) { nodes {
    id isResolved isOutdated path line comments(last: 20) { nodes { ${COMMENT} } } } }
  reviews(last: 100) { nodes { ${COMMENT} state } }`;
