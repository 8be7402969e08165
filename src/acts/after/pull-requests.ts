import { ulid } from 'ulid';
import { type Clock, isoUtc } from '../../base/clock.ts';
import { isSamocodeError, type SamocodeError } from '../../base/errors.ts';
import type { Forge, PullRequestSummaries } from '../../forge/forge.ts';
import { FORGE_ERRORS } from '../../forge/forge-errors.ts';
import { type Command, leaveCommand } from '../../session/commands/commands.ts';
import { BY_SETTINGS } from '../../session/commands/judge-running.ts';
import { PullRequestFact } from '../../session/events/bodies/positions.ts';
import { FORMAT_VERSION } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { watchedPullRequest } from '../../session/pull-request.ts';
import type { ActionContext } from '../common/context.ts';
import type { CommandRequest } from '../common/send-command.ts';
import { Rounds } from './rounds.ts';

/** The delay between two polls of a repository; grows while nothing changes. */
const SHORTEST_GAP_MS = 60_000;
const LONGEST_GAP_MS = 600_000;
const GROWTH = 1.5;
/** Polling pauses when fewer API points remain, so that the person can still use them. */
const RESERVED_POINTS = 1000;
/** Shorter failures are not reported. */
const REPORT_AFTER_MS = 10 * 60_000;
/** The delay while a poll is in progress. */
const POLL_MS = 1000;

export interface Login {
  forge: Forge;
  /** Needed for rounds; without it, only the states of the pull requests are polled. */
  context?: ActionContext;
}

interface Timer {
  /** Monotonic milliseconds. */
  dueAtMs: number;
  gapMs: number;
  /** Wall-clock time of the first failure since the last success. */
  failingSinceMs?: number | undefined;
}

/** Polls the open pull requests of sessions, with one request per repository, and reports changes to their sessions. */
export class PullRequests {
  readonly #login: (signal: AbortSignal) => Promise<Login>;
  readonly #rounds = new Rounds();
  /** Folders of sessions whose last round could not be decided or published. */
  readonly #failing = new Set<string>();
  readonly #ended = new AbortController();
  readonly #clock: Clock;
  readonly #timers = new Map<string, Timer>();
  #running: Promise<void> | undefined;

  /** @param login returns the person's current login; the signal aborts its requests */
  constructor(login: (signal: AbortSignal) => Promise<Login>, clock: Clock) {
    this.#login = login;
    this.#clock = clock;
  }

  /**
   * Starts the next poll that is due, without waiting for it.
   * @param views the sessions whose worker may be started; a working session is skipped until it is at rest
   * @param failed reports a failure that no session can record
   * @returns the latest time of the next call, in monotonic milliseconds
   */
  poll(views: Iterable<SessionView>, failed: (repository: string, error: unknown) => void): number {
    const now = this.#clock.monotonic();
    const watched = byRepository(views);
    for (const repository of [...this.#timers.keys()])
      if (!watched.has(repository)) this.#timers.delete(repository);
    if (this.#running !== undefined) return now + POLL_MS;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [repository, sessions] of watched) {
      const timer = this.#timers.get(repository) ?? { dueAtMs: now, gapMs: SHORTEST_GAP_MS };
      this.#timers.set(repository, timer);
      if (timer.dueAtMs <= now) {
        this.#running = this.#poll(repository, sessions, timer)
          .catch((error: unknown) => failed(repository, error))
          .finally(() => {
            this.#running = undefined;
          });
        return now + POLL_MS;
      }
      nextMs = Math.min(nextMs, timer.dueAtMs);
    }
    return nextMs;
  }

  /** Aborts a poll in progress; the next supervisor polls at once. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #poll(repository: string, sessions: readonly SessionView[], timer: Timer): Promise<void> {
    const clock = this.#clock;
    const numbers = sessions.flatMap(({ state }) => watchedPullRequest(state)?.number ?? []);
    try {
      const login = await this.#login(this.#ended.signal);
      const answer = await login.forge.pullRequests(repository, numbers);
      const changed: boolean[] = [];
      // Sequential, because each may fetch and push.
      for (const session of sessions)
        changed.push((await this.#record(session, answer)) || (await this.#advance(session, answer, login)));
      timer.failingSinceMs = undefined;
      timer.gapMs = changed.includes(true) ? SHORTEST_GAP_MS : Math.min(timer.gapMs * GROWTH, LONGEST_GAP_MS);
      const { remaining, resetAt } = answer.budget;
      const resetMs = remaining < RESERVED_POINTS ? Date.parse(resetAt) - clock.now() : 0;
      timer.dueAtMs = clock.monotonic() + Math.max(timer.gapMs, resetMs);
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      timer.gapMs = Math.min(timer.gapMs * GROWTH, LONGEST_GAP_MS);
      timer.dueAtMs = clock.monotonic() + Math.max(timer.gapMs, forgeResetMs(error, clock));
      timer.failingSinceMs ??= clock.now();
      if (!isSamocodeError(error)) throw error;
      const since = timer.failingSinceMs;
      if (clock.now() - since < REPORT_AFTER_MS) return;
      const why = `${error.what} ${error.why}`;
      for (const session of sessions) await this.#recordUnseen(session, { since: isoUtc(since), why });
    }
  }

  async #record({ paths, state }: SessionView, { pullRequests }: PullRequestSummaries): Promise<boolean> {
    const before = watchedPullRequest(state);
    const found = before && pullRequests.get(before.number);
    if (before === undefined || found === undefined) return false;
    if (found.state === before.state && before.unseen === undefined) return false;
    const { url, mergeCommit } = found;
    const now = { url, state: found.state, mergeCommit, unseen: undefined };
    const cleared = found.state !== 'open' && { asks: undefined, words: undefined, reruns: undefined };
    await this.#queue(paths, {
      kind: 'pull_request',
      seen: PullRequestFact.parse({ ...before, ...now, ...cleared }),
    });
    return true;
  }

  /** Begins or publishes a round if one is due. @returns whether a command was queued */
  async #advance(
    view: SessionView,
    { pullRequests }: PullRequestSummaries,
    { forge, context }: Login,
  ): Promise<boolean> {
    const found = pullRequests.get(view.state.pullRequest?.number ?? 0);
    if (found === undefined || context === undefined) return false;
    const options = { forge, context, signal: this.#ended.signal };
    try {
      const { request, after } = await this.#rounds.advance(view, found, options);
      if (request !== undefined) await this.#queue(view.paths, request);
      await after?.();
      this.#failing.delete(view.paths.sessionDir);
      return request !== undefined;
    } catch (error) {
      if (this.#ended.signal.aborted || isSharedFailure(error) || !isSamocodeError(error)) throw error;
      return await this.#askPerson(view, error);
    }
  }

  /** Asks the person about a session that fails twice in a row; other sessions continue. */
  async #askPerson({ paths, state }: SessionView, { what, why }: SamocodeError): Promise<boolean> {
    const isFirst = !this.#failing.has(paths.sessionDir);
    this.#failing.add(paths.sessionDir);
    const problem = `Its rounds cannot continue. ${what}`;
    // The reason can quote GitHub, whose texts can differ each time.
    if (isFirst || state.pullRequest?.asks?.startsWith(problem)) return false;
    const before = PullRequestFact.parse(state.pullRequest);
    await this.#queue(paths, { kind: 'pull_request', seen: { ...before, asks: `${problem} ${why}` } });
    return true;
  }

  async #recordUnseen({ paths, state }: SessionView, unseen: PullRequestFact['unseen']): Promise<void> {
    const before = watchedPullRequest(state);
    if (before === undefined || before.unseen !== undefined) return;
    const { since: _since, ...seen } = before;
    await this.#queue(paths, { kind: 'pull_request', seen: { ...seen, unseen } });
  }

  /** Leaves a command for the worker, because only workers write events. */
  async #queue(paths: SessionView['paths'], request: CommandRequest): Promise<void> {
    const now = this.#clock.now();
    const head = { v: FORMAT_VERSION, id: ulid(now), at: isoUtc(now), by: BY_SETTINGS } as const;
    // TypeScript cannot infer that the request's kind and fields belong together.
    await leaveCommand(paths, { ...head, ...request } as Command);
  }
}

/** Whether a failure affects every session of this login. */
function isSharedFailure(error: unknown): boolean {
  const { forge_rate_limited, forge_offline, forge_not_logged_in, forge_no_gh } = FORGE_ERRORS;
  return [forge_rate_limited, forge_offline, forge_not_logged_in, forge_no_gh].some((row) => row.is(error));
}

/** Milliseconds until the forge accepts requests from this login again. */
export function forgeResetMs(error: unknown, clock: Clock): number {
  if (!FORGE_ERRORS.forge_rate_limited.is(error)) return 0;
  return Math.max(0, Date.parse(String(error.args.until)) - clock.now()) || 0;
}

function byRepository(views: Iterable<SessionView>): Map<string, SessionView[]> {
  const watched = new Map<string, SessionView[]>();
  for (const view of views) {
    const { state, worker, pendingCommands } = view;
    const repository = watchedPullRequest(state)?.repository;
    if (repository === undefined || worker !== 'none' || pendingCommands.length > 0) continue;
    watched.set(repository, [...(watched.get(repository) ?? []), view]);
  }
  return watched;
}
