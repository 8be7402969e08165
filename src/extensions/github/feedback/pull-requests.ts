import { ulid } from 'ulid';
import type { CommandRequest } from '../../../core/caller/commands/send-command.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { safeGit, unlessGitFails } from '../../../core/caller/context/session-branch.ts';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import { type Command, leaveCommand } from '../../../core/session/commands/commands.ts';
import { BY_SETTINGS } from '../../../core/session/commands/judge-running.ts';
import { FORMAT_VERSION } from '../../../core/session/events/bodies/format.ts';
import type { PullRequestFact } from '../../../core/session/events/bodies/positions.ts';
import { openRound } from '../../../core/session/events/rounds.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { writePollRecord } from '../../../core/session/layout/poll-record.ts';
import { isPolled } from '../../../core/session/waits/pull-request.ts';
import { FORGE_ERRORS, forgeResetMs, isOfLogin, untilMs } from '../forge/forge-errors.ts';
import type { ForgeLogin, PullRequestSummaries } from '../forge/github.ts';
import type { PullRequestSummary } from '../forge/pull-request-answers.ts';
import { fetchPublished } from '../publish/published-branch.ts';
import { judgePoll, type PollOutcome, type PollVerdict } from './judge-poll.ts';
import { changeRequest, Rounds } from './rounds.ts';

/** While a pull request of the repository is open. */
const OPEN_GAP_MS = 60_000;
/** A closed one can be opened again. */
const CLOSED_GAP_MS = 60 * 60_000;
/** Polling pauses when fewer API points remain, so that the person can still use them. */
const RESERVED_POINTS = 1000;
/** The delay while a poll is in progress. */
const POLL_MS = 1000;

interface Watched {
  view: SessionView;
  fact: PullRequestFact;
}

/** What the forge answered about a repository, or why it did not. For `resetMs` the login must not be used again. */
type Poll = { resetMs: number } & (
  | { failure: PollOutcome }
  | { failure?: undefined; login: ForgeLogin; answer: PullRequestSummaries }
);

interface Looked {
  verdict: PollVerdict;
  /** What begins or publishes a round, or asks a person. */
  request?: CommandRequest | undefined;
  /** The poll for the next session: a failure can affect all of them. */
  next: Poll;
}

/** Polls the pull requests of sessions, with one request per repository, and reports changes to their sessions. */
export class PullRequests {
  readonly #login: (signal: AbortSignal) => Promise<ForgeLogin>;
  readonly #rounds = new Rounds();
  readonly #ended = new AbortController();
  readonly #clock: Clock;
  /** Keyed by repository: the end of its last poll, in monotonic milliseconds, and the rest that its login needs then. */
  readonly #polled = new Map<string, { atMs: number; resetMs: number }>();
  /** Keyed by session folder: the first poll that did not see its pull request, of those since it was last seen. */
  readonly #missedAt = new Map<string, string>();
  /** Keyed by repository: a slow one delays no other. */
  readonly #running = new Map<string, Promise<unknown>>();

  /** @param login returns the person's current login; the signal aborts its requests */
  constructor(login: (signal: AbortSignal) => Promise<ForgeLogin>, clock: Clock) {
    this.#login = login;
    this.#clock = clock;
  }

  /**
   * Starts the polls that are due, without waiting for them.
   * @param views the sessions whose worker may be started; a working session is skipped until it is at rest
   * @param failed reports a failure that no session can record
   * @returns the latest time of the next call, in monotonic milliseconds
   */
  poll(views: Iterable<SessionView>, failed: (repository: string, error: unknown) => void): number {
    const now = this.#clock.monotonic();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [repository, sessions] of this.#byRepository(views)) {
      const dueAtMs = this.#dueAtMs(repository, sessions);
      if (dueAtMs <= now && !this.#running.has(repository)) {
        const poll = this.#poll(repository, sessions)
          .catch((error: unknown) => this.#ended.signal.aborted || failed(repository, error))
          .finally(() => this.#running.delete(repository));
        this.#running.set(repository, poll);
      }
      nextMs = Math.min(nextMs, this.#running.has(repository) ? now + POLL_MS : dueAtMs);
    }
    return nextMs;
  }

  /** Aborts the polls in progress; the next supervisor polls at once. */
  async end(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#running.values());
  }

  #byRepository(views: Iterable<SessionView>): Map<string, Watched[]> {
    const found = new Map<string, Watched[]>();
    const watched = new Set<string>();
    for (const view of views) {
      const { state, worker, pendingCommands } = view;
      const fact = isPolled(state, this.#clock.now()) ? state.pullRequest : undefined;
      if (fact === undefined || worker !== 'none' || pendingCommands.length > 0) continue;
      found.set(fact.repository, [...(found.get(fact.repository) ?? []), { view, fact }]);
      watched.add(view.paths.sessionDir);
    }
    // While nothing polls a pull request, it is not unseen.
    for (const folder of this.#missedAt.keys()) if (!watched.has(folder)) this.#missedAt.delete(folder);
    return found;
  }

  #dueAtMs(repository: string, sessions: readonly Watched[]): number {
    const { atMs, resetMs } = this.#polled.get(repository) ?? { atMs: Number.NEGATIVE_INFINITY, resetMs: 0 };
    const gapMs = sessions.some(({ fact }) => fact.state === 'open') ? OPEN_GAP_MS : CLOSED_GAP_MS;
    return atMs + Math.max(gapMs, resetMs);
  }

  async #poll(repository: string, sessions: readonly Watched[]): Promise<void> {
    const ended = (resetMs: number) =>
      this.#polled.set(repository, { atMs: this.#clock.monotonic(), resetMs });
    // A failure of our own must not be repeated without a pause.
    ended(0);
    let poll = await this.#ask(repository, sessions);
    // Sequential, because each may fetch and push.
    for (const session of sessions) poll = await this.#update(session, poll);
    ended(poll.resetMs);
  }

  async #ask(repository: string, sessions: readonly Watched[]): Promise<Poll> {
    try {
      const login = await this.#login(this.#ended.signal);
      const numbers = sessions.map(({ fact }) => fact.number);
      const answer = await login.forge.pullRequests(repository, numbers);
      const { remaining, resetAt } = answer.budget;
      return { login, answer, resetMs: remaining < RESERVED_POINTS ? untilMs(resetAt, this.#clock) : 0 };
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #update(session: Watched, poll: Poll): Promise<Poll> {
    const { view, fact } = session;
    const { verdict, request, next } = await this.#look(session, poll);
    const { change, missedAt } = verdict;
    if (missedAt === undefined) {
      this.#missedAt.delete(view.paths.sessionDir);
      writePollRecord(view.paths, { number: fact.number, seenAt: isoUtc(this.#clock.now()) });
    } else this.#missedAt.set(view.paths.sessionDir, missedAt);
    const wanted = request ?? changeRequest(view, change);
    if (wanted !== undefined) await this.#queue(view.paths, wanted);
    return next;
  }

  /** Begins or publishes a round if one is due. A failure of this session alone is asked about, once per reason. */
  async #look({ view, fact }: Watched, poll: Poll): Promise<Looked> {
    const missedAt = this.#missedAt.get(view.paths.sessionDir);
    const judge = (outcome: PollOutcome) => judgePoll(outcome, { fact, missedAt }, this.#clock.now());
    if (poll.failure) return { verdict: judge(poll.failure), next: poll };
    const pull = poll.answer.pullRequests.get(fact.number);
    if (pull === undefined) return { verdict: judge({ kind: 'not_shown' }), next: poll };
    const options = { ...poll.login, signal: this.#ended.signal };
    const verdict = judge(await seenNow(view, pull, options));
    if (verdict.change !== undefined) return { verdict, next: poll };
    try {
      const { request } = await this.#rounds.advance(view, pull, options);
      return { verdict, request, next: poll };
    } catch (error) {
      const failed = this.#failed(error);
      if (isOfLogin(error)) return { verdict: judge(failed.failure), next: failed };
      if (FORGE_ERRORS.forge_failed.is(error)) return { verdict: judge(failed.failure), next: poll };
      return { verdict, request: askRequest(view, error), next: poll };
    }
  }

  /** @throws the error itself if the supervisor leaves, or if it is a failure of our own */
  #failed(error: unknown): { failure: PollOutcome; resetMs: number } {
    this.#ended.signal.throwIfAborted();
    if (!isSamocodeError(error)) throw error;
    const { forge_rate_limited: slow, forge_offline: offline } = FORGE_ERRORS;
    const kind = slow.is(error) ? 'slow' : offline.is(error) ? 'offline' : 'refused';
    const failure = { kind, why: `${error.what} ${error.why}` } as const;
    return { failure, resetMs: forgeResetMs(error, this.#clock) };
  }

  /** Leaves a command for the worker, because only workers write events. */
  async #queue(paths: SessionView['paths'], request: CommandRequest): Promise<void> {
    const now = this.#clock.now();
    const head = { v: FORMAT_VERSION, id: ulid(now), at: isoUtc(now), by: BY_SETTINGS } as const;
    // TypeScript cannot infer that the request's kind and fields belong together.
    await leaveCommand(paths, { ...head, ...request } as Command);
  }
}

/** Reads the state of the pull request and, after a merge, what the merge does not contain. */
export async function seenNow(
  view: SessionView,
  pull: PullRequestSummary,
  { context, signal }: { context: ActionContext; signal?: AbortSignal },
): Promise<PollOutcome> {
  const { url, state } = pull;
  const readMissing = async () =>
    state === 'merged' ? await missingFromMerge(view, pull, { context, signal }) : undefined;
  const missing = await unlessGitFails(readMissing, undefined);
  const mergeCommit = state === 'merged' ? pull.mergeCommit : undefined;
  return { kind: 'seen', url, state, mergeCommit, missing };
}

/** The commits of the session's branch that a merged pull request does not contain; undefined if none, or if unknown. */
async function missingFromMerge(
  view: SessionView,
  { head, baseBranch }: PullRequestSummary,
  { context, signal }: { context: ActionContext; signal: AbortSignal | undefined },
): Promise<PullRequestFact['missing']> {
  const { state, sessionFile } = view;
  if (state.worktree === undefined || sessionFile === undefined) return undefined;
  const git = { ...(await safeGit(view, context)), ...(signal && { signal }) };
  const range = `${head}..refs/heads/${state.worktree.branch}`;
  const options = { ...git, cwd: sessionFile.mainRepo, allowFailure: true };
  const count = async () => await gitLine(['rev-list', '--count', '--end-of-options', range], options);
  // Others may have pushed the head.
  const counted = (await count()) || (await fetchPublished(view, baseBranch, git).then(count, () => ''));
  const commits = Number(counted);
  return commits > 0 ? { round: openRound(state)?.number, commits } : undefined;
}

function askRequest(view: SessionView, error: unknown): CommandRequest | undefined {
  if (!isSamocodeError(error)) throw error;
  const problem = `Its rounds cannot continue. ${error.what}`;
  // The reason can quote GitHub, whose texts can differ each time.
  if (view.state.pullRequest?.asks?.startsWith(problem)) return undefined;
  return changeRequest(view, { asks: `${problem} ${error.why}` });
}
