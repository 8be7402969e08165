/**
 * Access to a forge: pull requests, checks, comments, issues. A repository is named `host/owner/name`, as `repositoryIn`
 * reads it from a remote's URL. Every method throws one of FORGE_ERRORS if the forge gave no answer. Texts from the forge
 * are sanitized and truncated; they are data, whoever wrote them.
 */
export interface Forge {
  /**
   * The name of the person's account; undefined for a login without a user, such as that of a CI job. Callers use this
   * to find out whether requests are possible at all.
   */
  login(host: string): Promise<string | undefined>;
  /**
   * Summaries of several pull requests of one repository, with one cheap request for every 50. A pull request that does
   * not exist, or about which the forge reports an error, is missing from the answer.
   */
  pullRequests(repository: string, numbers: readonly number[]): Promise<PullRequestSummaries>;
  /** Everything about one pull request that can start a round. */
  details(repository: string, number: number): Promise<PullRequestDetails>;
  /**
   * The 200 lines of a job's log that end with its last error. Undefined if the forge has no log: the run has not ended,
   * or the log has expired.
   */
  jobLog(repository: string, jobId: number): Promise<readonly string[] | undefined>;
  /** Posts a comment as the person, unless they have already posted one with the same marker. */
  comment(comment: NewComment): Promise<{ url: string; isNew: boolean }>;
  /** Posts a comment with pictures on a pull request, unless the person has already posted one with the same marker. */
  attach(comment: CommentWithFiles): Promise<{ url: string; isNew: boolean }>;
  issue(repository: string, number: number): Promise<Issue>;
  /** The open issues with a label, at most 100, oldest first. Costs one cheap request. */
  labelledIssues(repository: string, label: string): Promise<{ number: number; updatedAt: string }[]>;
  /** The newest commit of the default branch, with its checks; undefined for an empty repository. */
  defaultBranch(repository: string): Promise<CheckedBranch | undefined>;
  /** Whether an account can currently write to the repository. Bots have no such permission. */
  hasWriteAccess(repository: string, login: string): Promise<boolean>;
  /**
   * The open pull request of a branch, which is named as in a `NewPullRequest`. Its text is complete, with the forge's
   * line endings.
   */
  openPullRequest(repository: string, head: string): Promise<OpenPullRequest | undefined>;
  open(repository: string, request: NewPullRequest): Promise<OpenPullRequest>;
  /** The current state of a pull request, with which the proof in its text is compared. */
  published(repository: string, number: number): Promise<{ head: string; base: string; body: string }>;
  /** Changes the given fields and keeps the others. */
  changeText(repository: string, number: number, text: Partial<TitleAndBody>): Promise<void>;
}

export interface PullRequestSummaries {
  pullRequests: ReadonlyMap<number, PullRequestSummary>;
  budget: RequestBudget;
}

/** The remaining rate limit of the person's login. */
export interface RequestBudget {
  /** Points that this request cost. */
  cost: number;
  remaining: number;
  /** ISO 8601. */
  resetAt: string;
}

export interface PullRequestSummary {
  number: number;
  url: string;
  state: 'open' | 'merged' | 'closed';
  /** Present once it is merged, by a merge, a squash or a rebase. */
  mergeCommit: string | undefined;
  head: string;
  base: string;
  baseBranch: string;
  /** `unknown`: the forge has not computed it yet; not treated as a conflict. */
  mergeable: 'yes' | 'conflict' | 'unknown';
  review: 'approved' | 'changes_requested' | 'required' | 'none';
  /** All checks of the head taken together, required or not. */
  rollup: 'passed' | 'failed' | 'running' | 'none';
  /** Id of the newest comment in the newest thread. A reply in an older thread changes only `updatedAt`. */
  lastComment: string | undefined;
  /** ISO 8601. Changes with comments and edits, not with checks. */
  updatedAt: string;
}

export interface PullRequestDetails extends PullRequestSummary {
  title: string;
  /** The checks of the head. Without a rule for the base branch, none is required. */
  checks: readonly ForgeCheck[];
  threads: readonly ReviewThread[];
  reviews: readonly Review[];
}

export interface ForgeCheck {
  name: string;
  isRequired: boolean;
  /** `other`: not reported yet, cancelled, out of date, or waiting for a person. */
  state: 'passed' | 'failed' | 'running' | 'other';
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

export interface CheckedBranch {
  branch: string;
  commit: string;
  checks: readonly ForgeCheck[];
}

export interface Author {
  /** Ends in `[bot]` for a bot; `ghost` if the account was deleted. */
  login: string;
  kind: 'person' | 'bot' | 'other';
}

export interface Comment {
  id: string;
  author: Author;
  body: string;
  createdAt: string;
  editedAt: string | undefined;
  url: string;
  /** Whether samocode wrote it, with any login; such a comment never counts as a person's. */
  isBySamocode: boolean;
}

export interface ReviewThread {
  id: string;
  isResolved: boolean;
  isOutdated: boolean;
  path: string;
  line: number | undefined;
  /** The newest 20, oldest first. */
  comments: readonly Comment[];
}

export interface Review extends Comment {
  state: 'approved' | 'changes_requested' | 'commented' | 'dismissed' | 'pending';
}

export interface CommentWithFiles {
  repository: string;
  number: number;
  body: string;
  marker: string;
  /** Paths, whose names contain no `#`. */
  files: readonly string[];
}

export interface NewComment {
  repository: string;
  number: number;
  /** Id of the thread to reply to; if absent, the comment is about the whole pull request. */
  thread?: string;
  isOnIssue?: boolean;
  body: string;
  /** A line that identifies this comment, such as `<session> <round>`. */
  marker: string;
}

export interface Issue {
  number: number;
  url: string;
  isOpen: boolean;
  title: string;
  body: string;
  author: Author;
  createdAt: string;
  labels: readonly string[];
  /** The newest 100, oldest first. */
  comments: readonly Comment[];
  /** Who added which label, in order. Labels that an issue form adds are attributed to the issue's author. */
  labelled: readonly { label: string; by: string; at: string }[];
  /** Edits of title and body, in order. */
  edits: readonly { what: 'title' | 'body'; by: string; at: string }[];
}

export interface TitleAndBody {
  title: string;
  body: string;
}

export interface OpenPullRequest extends TitleAndBody {
  number: number;
  url: string;
}

export interface NewPullRequest extends TitleAndBody {
  /** Its branch: `branch` in the repository itself, `owner:branch` in a fork. */
  head: string;
  /** Undefined for the default branch of the repository. */
  base: string | undefined;
  isDraft: boolean;
}
