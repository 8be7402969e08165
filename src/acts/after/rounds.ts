import { isSamocodeError } from '../../base/errors.ts';
import { counted, listed } from '../../base/text.ts';
import type { Forge, PullRequestDetails, PullRequestSummary } from '../../forge/forge.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { fetchPublished } from '../../publish/published-branch.ts';
import { PullRequestFact } from '../../session/events/bodies/positions.ts';
import { describeKeys, nextRound, unpublishedRound } from '../../session/events/rounds.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../common/context.ts';
import { findProjectFor } from '../common/places/find-project-for.ts';
import { requireTrust } from '../common/places/trust-project.ts';
import type { CommandRequest } from '../common/send-command.ts';
import { safeGit } from '../common/session-branch.ts';
import { type Feedback, judgeFeedback, missingChecks, type Remark, remarksIn, seenOf } from './feedback.ts';
import { roundText } from './round-text.ts';
import { Steering, trustedIn } from './steering.ts';

export interface RoundOptions {
  forge: Forge;
  /** Its `env` is the environment that sessions run in. */
  context: ActionContext;
  /** Begins a round even beyond PR_ROUNDS, and after the branch was replaced. */
  byHand?: boolean;
  /** Stops git; the next poll repeats its work. */
  signal?: AbortSignal;
}

/** What to do for a session, given the state of its pull request. */
export interface Advance {
  /** A command for the worker, which records it. */
  request?: CommandRequest;
  /** Runs once the request is queued. */
  after?: () => Promise<unknown>;
  summary: string;
}

/** `repeat`: decide again at the next poll even if the pull request has not changed. */
type Decision = Advance & { repeat?: boolean };

const MISSING_AFTER_MS = 24 * 3_600_000;
const MAX_NAMED = 10;

/** Decides when a pull request needs a round, and publishes the work of rounds. */
export class Rounds {
  /** By session folder: the state that was handled last. */
  readonly #handled = new Map<string, string>();
  /** By session folder: the head, and since when required checks for it have been missing. */
  readonly #missing = new Map<string, { head: string; sinceMs: number }>();
  readonly #steering = new Steering();

  /** @throws FORGE_ERRORS, GitError */
  async advance(view: SessionView, pull: PullRequestSummary, options: RoundOptions): Promise<Advance> {
    const { state, paths } = view;
    const isReady = state.status.kind === 'done' && pull.state === 'open';
    if (!isReady || state.pullRequest?.state !== 'open')
      return { summary: 'The session is not done, or its pull request is not open.' };
    // `since` changes when a round ends.
    const key = JSON.stringify([pull, state.status.since, state.pullRequest.round]);
    if (!options.byHand && this.#handled.get(paths.sessionDir) === key)
      return { summary: 'Nothing has changed.' };
    const { repeat, ...advance } =
      unpublishedRound(state) === undefined ? await this.#next(view, options) : publishing(view, options);
    if (!repeat) this.#handled.set(paths.sessionDir, key);
    return advance;
  }

  async #next(view: SessionView, options: RoundOptions): Promise<Decision> {
    const { forge, context } = options;
    const { pullRequest, roundKeys: keys = [] } = view.state;
    const { repository, number, words: before = [], reruns = [] } = pullRequest as PullRequestFact;
    const details = await forge.details(repository, number);
    const settings = await settingsNow(view, context);
    // The pull request does not change when a person fixes the settings.
    if ('asks' in settings) return { ...recordFact(view, settings, settings.asks), repeat: true };
    const { threads, reviews } = details;
    const comments = [...threads.flatMap((thread) => thread.comments), ...reviews];
    const authors = comments.map(({ author }) => author);
    const { clock } = context;
    const maySteer = await this.#steering.among(authors, repository, { forge, clock, ...settings });
    const remarks = remarksIn(details, { keys, before }, (login) => maySteer.has(login));
    const asks = this.#unreported(view, details, context);
    const seen = { words: recordedRemarks(remarks), asks };
    const verdict = judgeFeedback(details, remarks, { keys, reruns, mayRerun: settings.mayRerun });
    switch (verdict.kind) {
      case 'none': {
        const isAwaited = asks === undefined && this.#missing.has(view.paths.sessionDir);
        return { ...recordFact(view, seen, 'There is no new feedback.'), repeat: isAwaited };
      }
      case 'running':
        return { ...recordFact(view, seen, 'Checks are running, or it is in a merge queue.'), repeat: true };
      case 'rerun': {
        const runs = [...verdict.runs.keys()];
        // Recorded before the restart, so that no run is restarted twice.
        const recorded = { ...seen, reruns: [...reruns, ...verdict.runs.values()].slice(-100) };
        const summary = `Checks that passed before have failed: restarting ${counted(runs.length, 'run')}.`;
        const after = async () => {
          for (const run of runs) await forge.rerunFailed(repository, run);
        };
        return { ...recordFact(view, recorded, summary), after, repeat: true };
      }
      case 'round':
        return await beginRound(view, { details, remarks, ...verdict }, { ...options, ...settings });
      default:
        return verdict satisfies never;
    }
  }

  /** Required checks that have not reported for a day: a branch rule can name a check that no workflow runs. */
  #unreported(
    { paths, state }: SessionView,
    details: PullRequestDetails,
    { clock }: ActionContext,
  ): string | undefined {
    const names = missingChecks(details);
    if (names.length === 0) {
      this.#missing.delete(paths.sessionDir);
      return undefined;
    }
    const { head } = details;
    const before = this.#missing.get(paths.sessionDir);
    const since = before?.head === head ? before : { head, sinceMs: clock.monotonic() };
    this.#missing.set(paths.sessionDir, since);
    const asks = `Required checks have not reported for a day: ${listed(names, MAX_NAMED)}. Start them, or change the rules of the base branch.`;
    // An earlier supervisor might have named them already.
    const isNamed = state.pullRequest?.asks === asks;
    return isNamed || clock.monotonic() - since.sinceMs >= MISSING_AFTER_MS ? asks : undefined;
  }
}

/** Requests that the worker record what has changed; requests nothing if nothing has. */
function recordFact({ state }: SessionView, now: Partial<PullRequestFact>, summary: string): Advance {
  const before = PullRequestFact.parse(state.pullRequest);
  const seen = PullRequestFact.parse({ ...before, ...now });
  const hasChanged = JSON.stringify(seen) !== JSON.stringify(before);
  return { summary, ...(hasChanged && { request: { kind: 'pull_request' as const, seen } }) };
}

type RoundSettings = { rounds: number; trusted: readonly string[]; mayRerun: boolean };

function recordedRemarks(remarks: readonly Remark[]): PullRequestFact['words'] {
  return remarks.length === 0 ? undefined : seenOf(remarks);
}

/** The project's current settings; a person must have trusted its commands and relaxed rules. */
async function settingsNow(
  { sessionFile }: SessionView,
  context: ActionContext,
): Promise<RoundSettings | { asks: string }> {
  try {
    const project = await findProjectFor({ projectDir: sessionFile?.configPath }, context);
    await requireTrust(project, context);
    const { prRounds, prTrust, prRerun } = project.values;
    return { rounds: prRounds, trusted: trustedIn(prTrust), mayRerun: prRerun === 'on' };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return { asks: `No round can begin. ${error.what} ${error.why}` };
  }
}

async function beginRound(
  view: SessionView,
  { details, remarks, feedback }: { details: PullRequestDetails; remarks: Remark[]; feedback: Feedback },
  { forge, context, byHand, signal, rounds }: RoundOptions & RoundSettings,
): Promise<Decision> {
  const number = nextRound(view.state);
  const seen = { words: recordedRemarks(remarks) };
  // A person can settle this without changing the pull request.
  const asking = (asks: string) => ({ ...recordFact(view, { ...seen, asks }, asks), repeat: true });
  if (!byHand && number > rounds) {
    const used = rounds === 0 ? 'PR_ROUNDS is 0' : `no round is left (PR_ROUNDS=${rounds})`;
    return asking(`${describeKeys(feedback.keys)}, but ${used}.`);
  }
  const published = await fetchPublished(view, details.baseBranch, await gitOf(view, { context, signal }));
  if (published === undefined) return { summary: 'The session has no branch.' };
  const { head, base, relation } = published;
  if (relation === 'replaced' && !byHand) return asking(replacedText(view, head));
  const { repository } = view.state.pullRequest as PullRequestFact;
  const logs = new Map<number, readonly string[] | undefined>();
  for (const { jobId, app } of feedback.checks)
    if (jobId !== undefined && app === 'github-actions')
      logs.set(jobId, await forge.jobLog(repository, jobId));
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

/** The worker pushes the work of a round and answers its threads; what failed is tried again once an hour. */
function publishing({ state }: SessionView, { byHand, context: { clock } }: RoundOptions): Decision {
  const { round, lastPublish } = state;
  const isTried = lastPublish?.what === 'round' && lastPublish.at > (state.status.since ?? '');
  const isRecent = isTried && clock.now() - Date.parse(lastPublish.at) < RETRY_MS;
  if (isRecent && !byHand) return { summary: 'It was tried within the last hour.', repeat: true };
  const request = { kind: 'publish', what: 'round' } as const;
  return { request, summary: `Round ${round?.number} is being published.`, repeat: true };
}

const RETRY_MS = 3_600_000;

function replacedText({ state: { worktree } }: SessionView, head: string): string {
  return `The branch ${worktree?.branch} was replaced: its head ${head.slice(0, 12)} no longer contains what samocode pushed. Bring the session's branch to the state that you want, then begin a round.`;
}
