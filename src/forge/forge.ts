/**
 * What a forge is to us: pull requests, checks, comments, issues. A repository is named `host/owner/name`, as
 * `repositoryIn` reads it from a remote's URL. Every call throws a row of FORGE_ERRORS where the forge gave no answer.
 * Texts of others are cleaned and cut; they stay data, whoever wrote them.
 */
export interface Forge {
  /**
   * The login that the forge knows the person by; undefined where it accepts a login without a user, as that of a CI
   * job. It is what says whether anything can be asked at all.
   */
  login(host: string): Promise<string | undefined>;
  /**
   * A first, cheap look at several pull requests of one repository, one question for each 50 of them. One that is
   * not there, or about which the forge reports an error, is missing in the answer.
   */
  pullRequests(repository: string, numbers: readonly number[]): Promise<PullRequestsLook>;
  /** Everything of one pull request that may start a round. */
  details(repository: string, number: number): Promise<PullRequestDetails>;
  /**
   * The 200 lines of a job's log that end with its last error. Undefined where the forge has none: the run is not
   * over, or the log has expired.
   */
  jobLog(repository: string, jobId: number): Promise<readonly string[] | undefined>;
  /** Starts the failed jobs of a run again, which costs the person's minutes. */
  rerunFailed(repository: string, runId: number): Promise<'started' | 'still_running'>;
  /** Posts a comment as the person, unless one of theirs with the same marker is there. */
  comment(comment: NewComment): Promise<{ url: string; isNew: boolean }>;
  issue(repository: string, number: number): Promise<Issue>;
  /** The open issues with a label, at most 100, the oldest first: one cheap question. */
  labelledIssues(repository: string, label: string): Promise<{ number: number; updatedAt: string }[]>;
  /** Whether a login may write to the repository at this moment. Bots have no such permission. */
  hasWriteAccess(repository: string, login: string): Promise<boolean>;
  /** The open pull request of a branch of the repository itself, with its text uncut: line ends are the forge's. */
  openPullRequest(repository: string, branch: string): Promise<OpenPullRequest | undefined>;
  open(repository: string, request: NewPullRequest): Promise<OpenPullRequest>;
  /** What a proof in the text of a pull request is compared with, at this moment. */
  published(repository: string, number: number): Promise<{ head: string; base: string; body: string }>;
  /** What is left out stays as it is. */
  changeText(repository: string, number: number, text: Partial<PullRequestWords>): Promise<void>;
}

export interface PullRequestsLook {
  pullRequests: ReadonlyMap<number, PullRequestLook>;
  budget: RequestBudget;
}

/** What the person's login may still ask for. */
export interface RequestBudget {
  /** Points that this look cost. */
  cost: number;
  remaining: number;
  /** ISO 8601. */
  resetAt: string;
}

export interface PullRequestLook {
  number: number;
  url: string;
  state: 'open' | 'merged' | 'closed';
  /** Present once it is merged, by a merge, a squash or a rebase. */
  mergeCommit: string | undefined;
  head: string;
  base: string;
  baseBranch: string;
  /** `unknown`: the forge has not computed it yet, so it is no conflict. */
  mergeable: 'yes' | 'conflict' | 'unknown';
  review: 'approved' | 'changes_requested' | 'required' | 'none';
  /** All checks of the head taken together, required or not. */
  rollup: 'passed' | 'failed' | 'running' | 'none';
  /** The newest comment of the newest thread. An answer in an older thread moves `updatedAt` alone. */
  lastComment: string | undefined;
  /** ISO 8601. It moves with words, not with checks. */
  updatedAt: string;
}

export interface PullRequestDetails extends PullRequestLook {
  title: string;
  /** It waits in a merge queue, which a push would take it out of. */
  isQueued: boolean;
  /** Of the head. Without a rule of the base branch none is required. */
  checks: readonly ForgeCheck[];
  /** Names of checks that passed on an earlier commit of the pull request, or on the tip of its base. */
  passedBefore: readonly string[];
  threads: readonly ReviewThread[];
  reviews: readonly Review[];
  comments: readonly Comment[];
  budget: RequestBudget;
}

export interface ForgeCheck {
  name: string;
  isRequired: boolean;
  /** `missing`: required and not reported yet. `other`: cancelled, out of date, or waiting for a person. */
  state: 'passed' | 'failed' | 'running' | 'missing' | 'other';
  head: string;
  /** Another one each time that the check is started. */
  attempt: string;
  /** Slug of the app that reports it. Only `github-actions` has logs and can be started again. */
  app: string | undefined;
  jobId: number | undefined;
  runId: number | undefined;
  url: string | undefined;
  /** What a check without a log says of itself. */
  text: string | undefined;
}

export interface Author {
  /** A bot's ends in `[bot]`. `ghost` where the account is gone. */
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
  /** samocode wrote it, by whatever login: never a person's word. */
  isSamocodes: boolean;
}

export interface ReviewThread {
  id: string;
  isResolved: boolean;
  isOutdated: boolean;
  path: string;
  line: number | undefined;
  /** The newest 20, the oldest of them first. */
  comments: readonly Comment[];
}

export interface Review extends Comment {
  state: 'approved' | 'changes_requested' | 'commented' | 'dismissed' | 'pending';
  head: string | undefined;
}

export interface NewComment {
  repository: string;
  number: number;
  /** Id of the thread that it answers; without one it is said below the pull request. */
  thread?: string;
  /** The number is that of an issue. */
  isOnIssue?: boolean;
  body: string;
  /** One line that is this comment's alone, as `<session> <round>`. */
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
  /** The newest 100, the oldest of them first. */
  comments: readonly Comment[];
  /** Who put which label on, in order. A form of the repository does it in the name of its author. */
  labelled: readonly { label: string; by: string; at: string }[];
  /** Edits of title and body, in order. */
  edits: readonly { what: 'title' | 'body'; by: string; at: string }[];
}

export interface PullRequestWords {
  title: string;
  body: string;
}

export interface OpenPullRequest extends PullRequestWords {
  number: number;
  url: string;
}

export interface NewPullRequest extends PullRequestWords {
  branch: string;
  /** Undefined: the default branch of the repository. */
  base: string | undefined;
  isDraft: boolean;
}
