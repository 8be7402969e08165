import { isSamocodeError } from '../../base/errors.ts';
import { counted, listed } from '../../base/text.ts';
import type { Forge, PullRequestDetails, PullRequestLook } from '../../forge/forge.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { PullRequestFact } from '../../session/events/bodies/positions.ts';
import { describeKeys, nextRound, openRound } from '../../session/events/rounds.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../common/context.ts';
import { findProjectFor } from '../common/places/find-project-for.ts';
import { requireTrust } from '../common/places/trust-project.ts';
import type { CommandRequest } from '../common/send-command.ts';
import { safeGit } from '../common/session-branch.ts';
import { fetchPublished } from './published-branch.ts';
import { pushRound } from './push-round.ts';
import { judgeMatter, type Matter, missingChecks, type Remark, seenOf, wordsIn } from './round-matter.ts';
import { roundText } from './round-text.ts';
import { Steering, trustedIn } from './steering.ts';

export interface RoundContext {
  forge: Forge;
  /** With the environment that sessions have. */
  context: ActionContext;
  /** Begins a round even beyond PR_ROUNDS, and after the branch was replaced. */
  byHand?: boolean;
  /** Ends what git does; the next look repeats it. */
  signal?: AbortSignal;
}

/** What to do for a session, given the state of its pull request. */
export interface Advance {
  /** For its worker, which records it. */
  request?: CommandRequest;
  /** The step after the request is queued. */
  after?: () => Promise<unknown>;
  said: string;
}

/** `isOpen`: it is decided again at the next look, also if the pull request has not changed. */
type Undecided = Advance & { isOpen?: boolean };

const NAMED_AFTER_MS = 24 * 3_600_000;
const MAX_NAMED = 10;

/** Decides about the rounds of pull requests and publishes their work. */
export class Rounds {
  /** By session folder: the state that was handled last. */
  readonly #dealtWith = new Map<string, string>();
  /** By session folder: the head, and since when required checks have not reported on it. */
  readonly #missing = new Map<string, { head: string; sinceMs: number }>();
  readonly #steering = new Steering();

  /** @throws the errors of a forge, GitError */
  async advance(view: SessionView, look: PullRequestLook, given: RoundContext): Promise<Advance> {
    const { state, paths } = view;
    const isOver = state.status.kind === 'done' && look.state === 'open';
    if (!isOver || state.pullRequest?.state !== 'open')
      return { said: 'The session is not done, or its pull request is not open.' };
    // `since`: a round may have ended meanwhile.
    const print = JSON.stringify([look, state.status.since, state.pullRequest.round]);
    if (!given.byHand && this.#dealtWith.get(paths.sessionDir) === print)
      return { said: 'Nothing has changed.' };
    const { isOpen, ...advance } =
      openRound(state) === undefined ? await this.#next(view, given) : await publishRound(view, look, given);
    if (!isOpen) this.#dealtWith.set(paths.sessionDir, print);
    return advance;
  }

  async #next(view: SessionView, given: RoundContext): Promise<Undecided> {
    const { forge, context } = given;
    const { pullRequest, roundKeys: keys = [] } = view.state;
    const { repository, number, words: before = [], reruns = [] } = pullRequest as PullRequestFact;
    const details = await forge.details(repository, number);
    const settings = await settingsNow(view, context);
    // Looked at again each time: what is wrong lies outside of the pull request.
    if ('asks' in settings) return { ...tell(view, settings, settings.asks), isOpen: true };
    const { threads, reviews } = details;
    const said = [...threads.flatMap(({ comments }) => comments), ...reviews];
    const authors = said.map(({ author }) => author);
    const { clock } = context;
    const maySteer = await this.#steering.among(authors, repository, { forge, clock, ...settings });
    const words = wordsIn(details, { keys, before }, (login) => maySteer.has(login));
    const asks = this.#unreported(view, details, context);
    const seen = { words: someOf(words), asks };
    const verdict = judgeMatter(details, words, { keys, reruns, mayRerun: settings.mayRerun });
    switch (verdict.kind) {
      case 'none': {
        const isAwaited = asks === undefined && this.#missing.has(view.paths.sessionDir);
        const said = 'Nothing new has come back to it.';
        return { ...tell(view, seen, said), isOpen: isAwaited };
      }
      case 'running':
        return { ...tell(view, seen, 'Its checks still run, or it waits in a merge queue.'), isOpen: true };
      case 'rerun': {
        const runs = [...verdict.runs.keys()];
        // Recorded first: a run is never started again twice.
        const recorded = { ...seen, reruns: [...reruns, ...verdict.runs.values()].slice(-100) };
        const said = `Checks that passed before have failed: ${counted(runs.length, 'run')} started again.`;
        const after = async () => {
          for (const run of runs) await forge.rerunFailed(repository, run);
        };
        return { ...tell(view, recorded, said), after, isOpen: true };
      }
      case 'round':
        return await beginRound(view, { details, words, matter: verdict.matter }, { ...given, ...settings });
      default:
        return verdict satisfies never;
    }
  }

  /** Required checks that have not reported for a day: a rule of the base branch may name what no workflow runs. */
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
    // A supervisor before this one has named them.
    const isNamed = state.pullRequest?.asks === asks;
    return isNamed || clock.monotonic() - since.sinceMs >= NAMED_AFTER_MS ? asks : undefined;
  }
}

/** A changed fact, as a request to the worker; none where it says what is known. */
function tell({ state }: SessionView, now: Partial<PullRequestFact>, said: string): Advance {
  const before = PullRequestFact.parse(state.pullRequest);
  const seen = PullRequestFact.parse({ ...before, ...now });
  const hasChanged = JSON.stringify(seen) !== JSON.stringify(before);
  return { said, ...(hasChanged && { request: { kind: 'pull_request' as const, seen } }) };
}

type RoundSettings = { rounds: number; trusted: readonly string[]; mayRerun: boolean };

function someOf(words: readonly Remark[]): PullRequestFact['words'] {
  return words.length === 0 ? undefined : seenOf(words);
}

/** The settings of the project as they are now; commands and looser rules in it must be trusted. */
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
  { details, words, matter }: { details: PullRequestDetails; words: readonly Remark[]; matter: Matter },
  { forge, context, byHand, signal, rounds }: RoundContext & RoundSettings,
): Promise<Undecided> {
  const number = nextRound(view.state);
  const seen = { words: someOf(words) };
  // What it asks may be settled without a change of the pull request.
  const asking = (asks: string) => ({ ...tell(view, { ...seen, asks }, asks), isOpen: true });
  if (!byHand && number > rounds) {
    const used = rounds === 0 ? 'PR_ROUNDS is 0' : `no round is left (PR_ROUNDS=${rounds})`;
    return asking(`${describeKeys(matter.keys)}, but ${used}.`);
  }
  const published = await fetchPublished(view, details.baseBranch, await gitOf(view, { context, signal }));
  if (published === undefined) return { said: 'The session has no branch.' };
  const { head, base, relation } = published;
  if (relation === 'replaced' && !byHand) return asking(replacedWords(view, head));
  const { repository } = view.state.pullRequest as PullRequestFact;
  const logs = new Map<number, readonly string[] | undefined>();
  for (const { jobId, app } of matter.checks)
    if (jobId !== undefined && app === 'github-actions')
      logs.set(jobId, await forge.jobLog(repository, jobId));
  const { text, threads } = roundText({ ...details, base }, matter, logs);
  const round = { number, keys: [...matter.keys], head, base, threads };
  const request = { kind: 'round', round, text, ...(byHand && { byHand: true as const }) } as const;
  return { request, said: `Round ${number} begins: ${describeKeys(matter.keys)}.` };
}

async function gitOf(
  view: SessionView,
  { context, signal }: { context: ActionContext; signal: AbortSignal | undefined },
): Promise<GitContext> {
  return { ...(await safeGit(view, context)), ...(signal && { signal }) };
}

function replacedWords({ state: { worktree } }: SessionView, head: string): string {
  return `The branch ${worktree?.branch} was replaced: its head ${head.slice(0, 12)} no longer contains what samocode pushed. Bring the branch of the session to the state that you want, then begin a round.`;
}

/** Publishes the work of a finished round, unless others have pushed; their commits are then taken over first. */
async function publishRound(
  view: SessionView,
  { baseBranch }: PullRequestLook,
  { forge, context, byHand, signal }: RoundContext,
): Promise<Undecided> {
  const round = openRound(view.state);
  const published = await fetchPublished(view, baseBranch, await gitOf(view, { context, signal }));
  if (round === undefined || published === undefined) return { said: 'There is nothing to publish.' };
  const { head, base, tip, relation } = published;
  if (relation === 'replaced' && !byHand) {
    const asks = replacedWords(view, head);
    return tell(view, { asks }, asks);
  }
  if (relation === 'joinable') {
    const { accepted: _accepted, ...begun } = round;
    const joining = { ...begun, keys: [], head, base };
    const request = { kind: 'round' as const, round: joining, text: '' };
    return {
      request,
      said: 'Others have pushed to its branch meanwhile: their commits are taken over and tested first.',
    };
  }
  const pushed = await pushRound(view, { round, tip }, { forge, context, ...(signal && { signal }) });
  if ('asks' in pushed) return { ...tell(view, { asks: pushed.asks }, pushed.asks), isOpen: true };
  const { url } = pushed;
  const done = { url, round: round.number, pushed: tip, asks: undefined };
  return tell(view, done, `Round ${round.number} is pushed: ${url}`);
}
