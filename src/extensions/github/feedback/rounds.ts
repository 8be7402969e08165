import type { CommandRequest } from '../../../core/caller/commands/send-command.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor } from '../../../core/caller/context/find-project-for.ts';
import { safeGit } from '../../../core/caller/context/session-branch.ts';
import { requireTrust } from '../../../core/caller/context/trust-project.ts';
import { START_ERRORS } from '../../../core/caller/errors/start-errors.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import { valuesOf } from '../../../core/project/settings/settings.ts';
import type { PullRequestChange } from '../../../core/session/events/bodies/positions.ts';
import { differing } from '../../../core/session/events/pull-request-change.ts';
import { newestRound, nextRound, openRound } from '../../../core/session/events/rounds.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { isOfLogin } from '../forge/forge-errors.ts';
import type { ForgeLogin } from '../forge/github.ts';
import type { PullRequestDetails, PullRequestSummary } from '../forge/pull-request-answers.ts';
import { trustedAuthors, trustedIn } from '../forge/trusted-authors.ts';
import { fetchPublished, whyAsk } from '../publish/published-branch.ts';
import { GITHUB_ROWS } from '../settings.ts';
import { describeKeys, type Feedback, hasRunningCheck, newFeedback, remarksIn } from './feedback.ts';
import { roundText } from './round-text.ts';

export interface RoundOptions extends ForgeLogin {
  /** Begins a round even beyond PR_ROUNDS, and after the branch was replaced. */
  byHand?: boolean;
  /** Stops git; the next poll repeats its work. */
  signal?: AbortSignal;
}

/** The next step for a session, given the state of its pull request. */
export interface Advance {
  /** A command for the worker, which records it. */
  request?: CommandRequest;
  summary: string;
}

/** `repeat`: decide again after some minutes even if the pull request has not changed. */
type Decision = Advance & { repeat?: boolean };

/** Not at each poll: a decision reads all comments, and asks for the rights of their authors. */
const REPEAT_MS = 5 * 60_000;

/** Decides when a pull request needs a round, and publishes the work of rounds. */
export class Rounds {
  /** Keyed by session folder: the state that was handled last, how that failed, and until when (monotonic) it holds. */
  readonly #handled = new Map<string, { key: string; untilMs: number; failure?: unknown }>();

  async advance(view: SessionView, pull: PullRequestSummary, options: RoundOptions): Promise<Advance> {
    const { state, paths } = view;
    const isReady = state.status.kind === 'done' && pull.state === 'open';
    if (!isReady || state.pullRequest?.state !== 'open') return { summary: NOTHING_OPEN };
    // `since` changes when a round ends.
    const key = JSON.stringify([pull, state.status.since, state.pullRequest.round]);
    const handled = this.#handled.get(paths.sessionDir);
    const now = options.context.clock.monotonic();
    if (!options.byHand && handled?.key === key && now < handled.untilMs) {
      if (handled.failure !== undefined) throw handled.failure;
      return { summary: 'Nothing has changed.' };
    }
    try {
      const { repeat, ...advance } = isUnpublished(view)
        ? publishing(view, options)
        : await this.#next(view, options);
      // A request may not reach the worker, for example on a full disk.
      const untilMs = repeat ? now + REPEAT_MS : Number.POSITIVE_INFINITY;
      if (advance.request === undefined) this.#handled.set(paths.sessionDir, { key, untilMs });
      return advance;
    } catch (failure) {
      if (!isOfLogin(failure))
        this.#handled.set(paths.sessionDir, { key, untilMs: now + REPEAT_MS, failure });
      throw failure;
    }
  }

  async #next(view: SessionView, options: RoundOptions): Promise<Decision> {
    const { forge, context } = options;
    const { pullRequest } = view.state;
    if (pullRequest === undefined) return { summary: NOTHING_OPEN };
    const { repository, number, rounds: { keys = [] } = {} } = pullRequest;
    const details = await forge.details(repository, number);
    const settings = await settingsNow(view, context);
    // The pull request does not change when a person fixes the settings.
    if ('asks' in settings) return { ...record(view, settings, settings.asks, context), repeat: true };
    const { threads, reviews } = details;
    const comments = [...threads.flatMap((thread) => thread.comments), ...reviews];
    const authors = comments.map(({ author }) => author);
    const trusted = await trustedAuthors(authors, repository, { forge, ...settings });
    const { remarks, held } = remarksIn(details, keys, trusted);
    const words = held.length === 0 ? null : held;
    const seen = { words, asks: null };
    if (hasRunningCheck(details, context.clock.now()))
      return { ...record(view, seen, 'Its checks are running.', context), repeat: true };
    const feedback = newFeedback(details, remarks, keys);
    if (feedback === undefined) return record(view, seen, 'There is no new feedback.', context);
    return await beginRound(view, { details, words, feedback }, { ...options, ...settings });
  }
}

const NOTHING_OPEN = 'The session is not done, or its pull request is not open.';

/** The command that records a change; undefined if nothing has changed. */
export function changeRequest(
  { state: { pullRequest } }: SessionView,
  change: PullRequestChange | undefined,
): CommandRequest | undefined {
  if (pullRequest === undefined || change === undefined) return undefined;
  const { repository, number } = pullRequest;
  return { kind: 'pull_request', repository, number, change };
}

/** Requests that the worker record a change; requests nothing without one. */
function record(
  view: SessionView,
  now: PullRequestChange,
  summary: string,
  { clock }: ActionContext,
): Advance {
  const { pullRequest } = view.state;
  const change = pullRequest && differing(pullRequest, now);
  const lastSeenAt = isoUtc(clock.now());
  return { summary, request: changeRequest(view, change && { ...change, lastSeenAt }) };
}

type RoundSettings = { rounds: number; trusted: readonly string[] };

/** The project's current settings; a person must have trusted its commands and relaxed rules. */
async function settingsNow(
  { sessionFile }: SessionView,
  context: ActionContext,
): Promise<RoundSettings | { asks: string }> {
  try {
    const project = await findProjectFor({ projectDir: sessionFile?.configPath }, context);
    await requireTrust(project, context);
    const { prRounds } = valuesOf(GITHUB_ROWS, project.values);
    return { rounds: prRounds, trusted: trustedIn(project) };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    const how = START_ERRORS.project_not_trusted.is(error)
      ? ' Read them, and trust them in a terminal: samocode trust'
      : '';
    return { asks: `No round can begin. ${error.what} ${error.why}${how}` };
  }
}

async function beginRound(
  view: SessionView,
  {
    details,
    words,
    feedback,
  }: Pick<PullRequestChange, 'words'> & { details: PullRequestDetails; feedback: Feedback },
  { forge, context, byHand, signal, rounds }: RoundOptions & RoundSettings,
): Promise<Decision> {
  const number = nextRound(view.state);
  // A person can settle this without changing the pull request.
  const asking = (asks: string): Decision => ({
    ...record(view, { words, asks }, asks, context),
    repeat: true,
  });
  if (!byHand && number > rounds) {
    const used = rounds === 0 ? 'PR_ROUNDS is 0' : `no round is left (PR_ROUNDS=${rounds})`;
    return asking(`${describeKeys(feedback.keys)}, but ${used}.`);
  }
  const git = await gitOf(view, { context, signal });
  const published = await fetchPublished(view, details.baseBranch, git);
  const { repository } = view.state.pullRequest ?? {};
  if (published === undefined || repository === undefined) return { summary: 'The session has no branch.' };
  const { head, base } = published;
  const asks = byHand ? undefined : await whyAsk({ view, git }, published);
  if (asks !== undefined) return asking(asks);
  const logs = await forge.jobLogs(repository, feedback.checks);
  const { text, threads } = roundText({ ...details, base }, feedback, logs);
  const round = { number, keys: [...feedback.keys], head, base, threads };
  const request = { kind: 'round', round, text, ...(byHand && { byHand: true as const }) } as const;
  return { request, summary: `Round ${number} begins: ${describeKeys(feedback.keys)}.` };
}

async function gitOf(
  view: SessionView,
  { context, signal }: { context: ActionContext; signal: AbortSignal | undefined },
): Promise<GitContext> {
  return { ...(await safeGit(view, context)), ...(signal && { signal }) };
}

/** The worker pushes the work of a round and replies in its threads; a failure is retried once an hour. */
function publishing({ state }: SessionView, { byHand, context: { clock } }: RoundOptions): Decision {
  const { lastPublish } = state;
  const isTried = lastPublish?.what === 'round' && lastPublish.at > (state.status.since ?? '');
  const isRecent = isTried && clock.now() - Date.parse(lastPublish.at) < RETRY_MS;
  if (isRecent && !byHand) return { summary: 'It was tried within the last hour.', repeat: true };
  const request = { kind: 'publish', what: 'round' } as const;
  return { request, summary: `Round ${newestRound(state)?.number} is being published.` };
}

const RETRY_MS = 3_600_000;

/** Whether a round is to be published: an open one, or one that is pushed while some threads have no outcome yet. */
function isUnpublished({ state }: SessionView): boolean {
  const { lastPublish } = state;
  if (openRound(state) !== undefined) return true;
  if (lastPublish?.what !== 'round' || lastPublish.outcome === 'published') return false;
  const ended = new Set(lastPublish.effects.map(({ name }) => name));
  return newestRound(state)?.threads.some(({ name }) => !ended.has(name)) ?? false;
}
