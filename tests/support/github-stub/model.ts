import { connection, FieldError } from './graphql.ts';

// A small GitHub in memory. Tests change its objects directly; `*Node` is how GraphQL sees them.

export interface StubComment {
  id: string;
  databaseId: number;
  /** A login; `[bot]` at its end makes a bot; undefined: the account is gone. */
  author: string | undefined;
  body: string;
  createdAt: string;
  lastEditedAt: string | null;
  url: string;
}

export interface StubThread {
  id: string;
  path: string;
  line: number | null;
  isResolved: boolean;
  isOutdated: boolean;
  comments: StubComment[];
}

export interface StubReview extends StubComment {
  state: string;
  head: string;
}

export interface StubCheck {
  name: string;
  /** Undefined: it is running. `EXPECTED` and the like make a status without an app. */
  conclusion: string | undefined;
  isRequired: boolean;
  app: string | undefined;
  jobId: number;
  text: string;
  /** The event that started its workflow. */
  event?: string;
  /** The branch whose push that was; undefined for a tag. */
  branch?: string | undefined;
}

export interface StubIssue {
  number: number;
  title: string;
  body: string;
  author: string;
  state: 'OPEN' | 'CLOSED';
  createdAt: string;
  comments: StubComment[];
  labelled: { label: string; by: string; at: string }[];
  renamed: { by: string; at: string }[];
  edits: { by: string; at: string }[];
  /** It was transferred: GitHub answers with the new one. */
  movedTo?: string;
}

/** Until its branch is there. */
const NO_COMMIT = 'a'.repeat(40);

export class StubPullRequest {
  title = 'A change';
  body = '';
  state: 'OPEN' | 'MERGED' | 'CLOSED' = 'OPEN';
  isDraft = false;
  mergeable = 'MERGEABLE';
  reviewDecision: string | null = null;
  mergeCommit: string | null = null;
  baseBranch = 'main';
  head = NO_COMMIT;
  base = 'b'.repeat(40);
  /** All heads so far, the present one last. */
  readonly earlier: string[] = [];
  readonly checks = new Map<string, StubCheck[]>();
  readonly threads: StubThread[] = [];
  readonly reviews: StubReview[] = [];
  readonly comments: StubComment[] = [];
  updatedAt: string;
  readonly number: number;
  readonly headBranch: string;
  /** Whose fork has the branch. */
  readonly headOwner: string;
  readonly repository: StubRepository;

  /** @param head a branch of the repository, or `owner:branch` for one of a fork */
  constructor(repository: StubRepository, number: number, head: string) {
    this.repository = repository;
    this.number = number;
    const [branch = '', owner = repository.owner] = head.split(':').reverse();
    this.headBranch = branch;
    this.headOwner = owner;
    this.updatedAt = repository.time();
  }

  get url(): string {
    return `https://github.com/${this.repository.fullName}/pull/${this.number}`;
  }

  push(head: string): void {
    if (head === this.head) return;
    if (this.head !== NO_COMMIT) this.earlier.push(this.head);
    this.head = head;
    this.updatedAt = this.repository.time();
  }

  check(name: string, conclusion: string | undefined, more: Partial<StubCheck> = {}): StubCheck {
    const { head = this.head, ...own } = more as Partial<StubCheck> & { head?: string };
    const id = this.repository.nextId();
    const check = { name, conclusion, isRequired: true, app: 'github-actions', jobId: id };
    const made = { ...check, text: '', ...own };
    this.checks.set(head, [...(this.checks.get(head) ?? []), made]);
    return made;
  }

  thread(author: string, body: string, { path = 'boats.txt', line = 1 } = {}): StubThread {
    const id = `PRRT_${this.repository.nextId()}`;
    const thread = { id, path, line, isResolved: false, isOutdated: false, comments: [] };
    this.threads.push(thread);
    this.reply(thread, author, body);
    return thread;
  }

  reply(thread: StubThread, author: string | undefined, body: string): StubComment {
    const comment = this.repository.newComment(author, body, `${this.url}#discussion_r`);
    thread.comments.push(comment);
    this.updatedAt = comment.createdAt;
    return comment;
  }

  review(author: string, state: string, body = ''): StubReview {
    const comment = this.repository.newComment(author, body, `${this.url}#pullrequestreview-`);
    const review = { ...comment, state, head: this.head };
    this.reviews.push(review);
    if (state === 'CHANGES_REQUESTED' || state === 'APPROVED') this.reviewDecision = state;
    this.updatedAt = comment.createdAt;
    return review;
  }

  say(author: string | undefined, body: string): StubComment {
    const comment = this.repository.newComment(author, body, `${this.url}#issuecomment-`);
    this.comments.push(comment);
    this.updatedAt = comment.createdAt;
    return comment;
  }

  edit(comment: StubComment, body: string): void {
    comment.body = body;
    comment.lastEditedAt = this.repository.time();
  }

  node(viewer: string) {
    const commit = (oid: string) => ({ commit: { oid, statusCheckRollup: () => this.#rollup(oid) } });
    return {
      ...{ __typename: 'PullRequest', number: this.number, url: this.url, state: this.state },
      ...{ title: this.title, body: this.body, isDraft: this.isDraft, updatedAt: this.updatedAt },
      mergeCommit: this.mergeCommit === null ? null : { oid: this.mergeCommit },
      ...{ headRefOid: this.head, headRefName: this.headBranch },
      ...{ baseRefOid: this.base, baseRefName: this.baseBranch },
      ...{ mergeable: this.mergeable, reviewDecision: this.reviewDecision },
      commits: connection([...this.earlier, this.head].map(commit)),
      reviewThreads: connection(this.threads.map((each) => threadNode(each, viewer))),
      reviews: connection(
        this.reviews.map(({ state, head, ...comment }) => ({
          ...commentNode(comment, viewer),
          ...{ state, commit: { oid: head } },
        })),
      ),
      comments: connection(this.comments.map((each) => commentNode(each, viewer))),
    };
  }

  #rollup(oid: string) {
    return rollup(this.checks.get(oid) ?? []);
  }
}

function rollup(checks: readonly StubCheck[]) {
  if (checks.length === 0) return null;
  const ends = checks.map(({ conclusion }) => conclusion);
  const state = ends.some((end) => end === 'FAILURE' || end === 'ERROR')
    ? 'FAILURE'
    : ends.every((end) => end !== undefined && end !== 'EXPECTED' && end !== 'PENDING')
      ? 'SUCCESS'
      : 'PENDING';
  return { state, contexts: connection(checks.map(checkNode)) };
}

export class StubRepository {
  readonly owner: string;
  readonly name: string;
  isPrivate = false;
  /** The repository that it is a fork of. */
  parent: string | undefined;
  /** The full name that it has now: every request is led there. */
  renamedTo: string | undefined;
  readonly pullRequests = new Map<number, StubPullRequest>();
  readonly issues = new Map<number, StubIssue>();
  /** By login: admin, write, read or none. Others have `read`. */
  readonly permissions: Record<string, string> = { person: 'admin' };
  /** The tip of `main` and its checks; undefined: nothing was pushed. */
  tip: { commit: string; checks: StubCheck[] } | undefined;
  /** By job. Undefined: there is none (404); null: it has expired (410). */
  readonly logs = new Map<number, string | null>();
  #id = 0;
  #seconds = Date.parse('2026-01-08T10:00:00Z') / 1000;

  constructor(fullName: string) {
    const [owner = '', name = ''] = fullName.split('/');
    this.owner = owner;
    this.name = name;
  }

  get fullName(): string {
    return `${this.owner}/${this.name}`;
  }

  /** Every call is a second later. */
  time(): string {
    this.#seconds += 1;
    return new Date(this.#seconds * 1000).toISOString().replace('.000Z', 'Z');
  }

  nextId(): number {
    this.#id += 1;
    return this.#id;
  }

  newComment(author: string | undefined, body: string, url: string): StubComment {
    const databaseId = this.nextId();
    const times = { createdAt: this.time(), lastEditedAt: null };
    return { id: `C_${databaseId}`, databaseId, author, body, ...times, url: `${url}${databaseId}` };
  }

  /** A push to `main`, with a check that its workflow, or another event's, reports. */
  pushToMain(commit: string, checks: readonly (Partial<StubCheck> & { name: string })[]): void {
    const own = { conclusion: 'FAILURE', isRequired: false, app: 'github-actions', text: '' };
    const pushed = { event: 'push', branch: 'main' };
    this.tip = {
      commit,
      checks: checks.map((each) => ({ ...own, ...pushed, jobId: this.nextId(), ...each })),
    };
  }

  openPullRequest(head: string, more: Partial<StubPullRequest> = {}): StubPullRequest {
    const number = 17 + this.pullRequests.size;
    const opened = Object.assign(new StubPullRequest(this, number, head), more);
    this.pullRequests.set(number, opened);
    return opened;
  }

  openIssue(author: string, title: string, body: string): StubIssue {
    const number = 1001 + this.issues.size;
    const lists = { comments: [], labelled: [], renamed: [], edits: [] };
    const opened = { number, title, body, author, state: 'OPEN' as const, createdAt: this.time(), ...lists };
    this.issues.set(number, opened);
    return opened;
  }

  node(viewer: string) {
    const found =
      <T>(what: string, map: ReadonlyMap<number, T>) =>
      (number: number) => {
        const one = map.get(number);
        const message = `Could not resolve to a ${what} with the number of ${number}.`;
        if (one === undefined) throw new FieldError('NOT_FOUND', message);
        return one;
      };
    const pullRequest = found('PullRequest', this.pullRequests);
    const issue = found('Issue', this.issues);
    return {
      ...{ __typename: 'Repository', nameWithOwner: this.renamedTo ?? this.fullName },
      isPrivate: this.isPrivate,
      defaultBranchRef: this.tip
        ? {
            name: 'main',
            target: {
              ...{ __typename: 'Commit', oid: this.tip.commit },
              statusCheckRollup: rollup(this.tip.checks),
            },
          }
        : null,
      pullRequest: ({ number }: { number: number }) => pullRequest(number).node(viewer),
      issues: ({ labels, first }: { labels: string[]; first: number }) => {
        const open = [...this.issues.values()].filter(({ state }) => state === 'OPEN');
        const has = (each: StubIssue) => each.labelled.some(({ label }) => labels.includes(label));
        return connection(open.filter(has).map((each) => issueNode(this, each, viewer)))({ first });
      },
      issue: ({ number }: { number: number }) => issueNode(this, issue(number), viewer),
    };
  }

  /** A thread, by its id. */
  threadNode(id: string, viewer: string): object | undefined {
    const all = [...this.pullRequests.values()].flatMap(({ threads }) => threads);
    const thread = all.find((each) => each.id === id);
    return thread && threadNode(thread, viewer);
  }
}

function actor(login: string | undefined): object | null {
  if (login === undefined) return null;
  const isBot = login.endsWith('[bot]');
  // GraphQL gives a bot's login without its ending.
  return { __typename: isBot ? 'Bot' : 'User', login: login.replace(/\[bot\]$/, '') };
}

function commentNode({ author, databaseId, ...comment }: StubComment, viewer: string) {
  const ids = { databaseId, fullDatabaseId: `${databaseId}` };
  return { ...comment, ...ids, author: actor(author), viewerDidAuthor: author === viewer };
}

function threadNode({ comments, ...thread }: StubThread, viewer: string) {
  const nodes = connection(comments.map((each) => commentNode(each, viewer)));
  return { __typename: 'PullRequestReviewThread', ...thread, comments: nodes };
}

function checkNode({ name, conclusion, isRequired, app, jobId, text, event, branch }: StubCheck): object {
  if (app === undefined)
    return {
      ...{ __typename: 'StatusContext', id: `SC_${jobId}`, context: name, state: conclusion ?? 'PENDING' },
      ...{
        createdAt: null,
        targetUrl: `https://ci.example/${jobId}`,
        description: text,
        isRequired: () => isRequired,
      },
    };
  return {
    ...{ __typename: 'CheckRun', databaseId: jobId, name, conclusion: conclusion ?? null },
    ...{
      status: conclusion === undefined ? 'IN_PROGRESS' : 'COMPLETED',
      title: text || null,
      startedAt: null,
    },
    ...{ detailsUrl: `https://ci.example/${jobId}`, isRequired: () => isRequired },
    checkSuite: {
      app: { slug: app },
      branch: branch ? { name: branch } : null,
      workflowRun: event ? { event } : null,
    },
  };
}

function issueNode(repository: StubRepository, issue: StubIssue, viewer: string) {
  const { comments, labelled, renamed, edits, author, movedTo, ...own } = issue;
  const events = [
    ...labelled.map(({ label, by, at }) => ({
      ...{ __typename: 'LabeledEvent', actor: actor(by), createdAt: at, label: { name: label } },
    })),
    ...renamed.map(({ by, at }) => ({ __typename: 'RenamedTitleEvent', actor: actor(by), createdAt: at })),
  ];
  const changes = [...labelled, ...renamed, ...edits].map(({ at }) => at);
  const said = comments.flatMap(({ createdAt, lastEditedAt }) => [createdAt, lastEditedAt ?? createdAt]);
  const names = [...new Set(labelled.map(({ label }) => label))];
  return {
    ...own,
    url: movedTo ?? `https://github.com/${repository.fullName}/issues/${issue.number}`,
    updatedAt: [issue.createdAt, ...changes, ...said].sort().at(-1),
    author: actor(author),
    labels: connection(names.map((name) => ({ name }))),
    comments: connection(comments.map((each) => commentNode(each, viewer))),
    timelineItems: connection(events),
    userContentEdits: connection(edits.map(({ by, at }) => ({ editor: actor(by), editedAt: at }))),
  };
}
