import { ulid } from 'ulid';
import { type Clock, isoUtc } from '../../base/clock.ts';
import { isSamocodeError } from '../../base/errors.ts';
import type { Forge, PullRequestsLook } from '../../forge/forge.ts';
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
/** Below this many points the login's limit is left to the person. */
const SPARED_POINTS = 1000;
/** Shorter failures are not reported. */
const UNSEEN_AFTER_MS = 10 * 60_000;
/** While a look is under way. */
const POLL_MS = 1000;

export interface Login {
  forge: Forge;
  /** For rounds; absent: their states alone are looked at. */
  context?: ActionContext;
}

interface Look {
  /** Monotonic milliseconds. */
  dueAtMs: number;
  gapMs: number;
  /** Wall-clock time of the first of the failures since the last answer. */
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
  readonly #looks = new Map<string, Look>();
  #running: Promise<void> | undefined;

  /** @param login that the person has at that moment; the signal aborts its requests */
  constructor(login: (signal: AbortSignal) => Promise<Login>, clock: Clock) {
    this.#login = login;
    this.#clock = clock;
  }

  /**
   * Begins the next look that is due, without waiting for it.
   * @param views those whose worker may be started: a working session gets the news when it rests
   * @param failed reports what no session can be told
   * @returns when to poll again at the latest, monotonic
   */
  poll(views: Iterable<SessionView>, failed: (repository: string, error: unknown) => void): number {
    const now = this.#clock.monotonic();
    const watched = byRepository(views);
    for (const repository of [...this.#looks.keys()])
      if (!watched.has(repository)) this.#looks.delete(repository);
    if (this.#running !== undefined) return now + POLL_MS;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [repository, sessions] of watched) {
      const look = this.#looks.get(repository) ?? { dueAtMs: now, gapMs: SHORTEST_GAP_MS };
      this.#looks.set(repository, look);
      if (look.dueAtMs <= now) {
        this.#running = this.#look(repository, sessions, look)
          .catch((error: unknown) => failed(repository, error))
          .finally(() => {
            this.#running = undefined;
          });
        return now + POLL_MS;
      }
      nextMs = Math.min(nextMs, look.dueAtMs);
    }
    return nextMs;
  }

  /** Aborts a poll in progress; the next supervisor polls at once. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #look(repository: string, sessions: readonly SessionView[], look: Look): Promise<void> {
    const clock = this.#clock;
    const numbers = sessions.flatMap(({ state }) => watchedPullRequest(state)?.number ?? []);
    try {
      const login = await this.#login(this.#ended.signal);
      const answer = await login.forge.pullRequests(repository, numbers);
      const changed: boolean[] = [];
      // One after the other: each may fetch and push.
      for (const session of sessions)
        changed.push((await this.#tell(session, answer)) || (await this.#advance(session, answer, login)));
      look.failingSinceMs = undefined;
      look.gapMs = changed.includes(true) ? SHORTEST_GAP_MS : Math.min(look.gapMs * GROWTH, LONGEST_GAP_MS);
      const { remaining, resetAt } = answer.budget;
      const resetMs = remaining < SPARED_POINTS ? Date.parse(resetAt) - clock.now() : 0;
      look.dueAtMs = clock.monotonic() + Math.max(look.gapMs, resetMs);
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      look.gapMs = Math.min(look.gapMs * GROWTH, LONGEST_GAP_MS);
      look.dueAtMs = clock.monotonic() + Math.max(look.gapMs, forgeResetIn(error, clock));
      look.failingSinceMs ??= clock.now();
      if (!isSamocodeError(error)) throw error;
      const since = look.failingSinceMs;
      if (clock.now() - since < UNSEEN_AFTER_MS) return;
      const why = `${error.what} ${error.why}`;
      for (const session of sessions) await this.#unseen(session, { since: isoUtc(since), why });
    }
  }

  async #tell({ paths, state }: SessionView, { pullRequests }: PullRequestsLook): Promise<boolean> {
    const before = watchedPullRequest(state);
    const found = before && pullRequests.get(before.number);
    if (before === undefined || found === undefined) return false;
    if (found.state === before.state && before.unseen === undefined) return false;
    const { url, mergeCommit } = found;
    const isOver = found.state !== 'open';
    const now = { url, state: found.state, mergeCommit, unseen: undefined };
    const none = isOver && { asks: undefined, words: undefined, reruns: undefined };
    await this.#leave(paths, {
      kind: 'pull_request',
      seen: PullRequestFact.parse({ ...before, ...now, ...none }),
    });
    return true;
  }

  /** A round, where one is due. */
  async #advance(
    view: SessionView,
    { pullRequests }: PullRequestsLook,
    { forge, context }: Login,
  ): Promise<boolean> {
    const found = pullRequests.get(view.state.pullRequest?.number ?? 0);
    if (found === undefined || context === undefined) return false;
    const given = { forge, context, signal: this.#ended.signal };
    try {
      const { request, after } = await this.#rounds.advance(view, found, given);
      if (request !== undefined) await this.#leave(view.paths, request);
      await after?.();
      this.#failing.delete(view.paths.sessionDir);
      return request !== undefined;
    } catch (error) {
      if (this.#ended.signal.aborted || isOfLogin(error) || !isSamocodeError(error)) throw error;
      return await this.#failed(view, `Its rounds cannot continue. ${error.what} ${error.why}`);
    }
  }

  /** What fails for one session twice in a row is asked about there, and holds up no other one. */
  async #failed({ paths, state }: SessionView, asks: string): Promise<boolean> {
    const isFirst = !this.#failing.has(paths.sessionDir);
    this.#failing.add(paths.sessionDir);
    if (isFirst || state.pullRequest?.asks === asks) return false;
    const before = PullRequestFact.parse(state.pullRequest);
    await this.#leave(paths, { kind: 'pull_request', seen: { ...before, asks } });
    return true;
  }

  async #unseen({ paths, state }: SessionView, unseen: PullRequestFact['unseen']): Promise<void> {
    const before = watchedPullRequest(state);
    if (before === undefined || before.unseen !== undefined) return;
    const { since: _since, ...seen } = before;
    await this.#leave(paths, { kind: 'pull_request', seen: { ...seen, unseen } });
  }

  /** Its worker records it: only workers write events. */
  async #leave(paths: SessionView['paths'], request: CommandRequest): Promise<void> {
    const now = this.#clock.now();
    const head = { v: FORMAT_VERSION, id: ulid(now), at: isoUtc(now), by: BY_SETTINGS } as const;
    // TypeScript cannot infer that the request's kind and fields belong together.
    await leaveCommand(paths, { ...head, ...request } as Command);
  }
}

/** Failures that all sessions of the login share. */
function isOfLogin(error: unknown): boolean {
  const { forge_rate_limited, forge_offline, forge_not_logged_in, forge_no_gh } = FORGE_ERRORS;
  return [forge_rate_limited, forge_offline, forge_not_logged_in, forge_no_gh].some((row) => row.is(error));
}

/** Milliseconds until the forge answers this login again. */
export function forgeResetIn(error: unknown, clock: Clock): number {
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
