import { isSamocodeError, type SamocodeError } from '../../../core/kernel/errors.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { findBaseBranch } from '../../../core/project/finishing/base-branch.ts';
import { isFromTerminal, withLogin } from '../../../core/sandbox/programs/login-shell.ts';
import { COMMAND_ERRORS } from '../../../core/session/commands/command-errors.ts';
import { judgePublish } from '../../../core/session/commands/judge-finish.ts';
import { refused } from '../../../core/session/commands/refused.ts';
import type { Effect, FinishingOf } from '../../../core/session/events/bodies/finishing.ts';
import type { By } from '../../../core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../core/session/events/events.ts';
import { finishNow } from '../../../core/session/events/open-work.ts';
import { differing, isSamePullRequest } from '../../../core/session/events/pull-request-change.ts';
import { newestRound } from '../../../core/session/events/rounds.ts';
import { folderNow } from '../../../core/worker/commands/archive-places.ts';
import { asked, refuseUnseen } from '../../../core/worker/commands/finish.ts';
import { whileTakingCommands } from '../../../core/worker/commands/while-taking-commands.ts';
import { callExtensions, type Failure, type Handler } from '../../../core/worker/state/extension.ts';
import { record, stateOf, type Worker } from '../../../core/worker/state/worker.ts';
import { FORGE_ERRORS } from '../forge/forge-errors.ts';
import type { GhContext } from '../forge/gh.ts';
import { GitHub } from '../forge/github.ts';
import { pullRequestAt } from '../forge/repository-name.ts';
import type { Effects, Publishable, PublishResult, PullRequestPatch } from '../publish/publication.ts';
import { publishBranch, publishResult } from '../publish/publish-branch.ts';
import { publishRound, type RoundEnd } from '../publish/publish-round.ts';
import { round as beginRound } from './round.ts';

/** Accepts to publish; the effects follow the event, each with its own outcome. */
export const publish: Handler<'publish'> = async (worker, { by, what, withAnswers, watched, tip }) => {
  const { mainRepo, settings } = worker.file;
  const { worktree, work } = stateOf(worker);
  if (work?.kind === 'publish') {
    const isSame = work.what === what && work.withAnswers === withAnswers && work.watched === watched;
    return isSame ? { events: [] } : refused(COMMAND_ERRORS.busy({ with: 'publish' }));
  }
  const facts = worktree && (await findBaseBranch({ mainRepo, ...worktree, ...worker.git.context }));
  const verdict = judgePublish({ by, ...settings, what }, stateOf(worker), facts ?? { sinceBase: 0 });
  if (verdict.kind === 'refused') return verdict;
  // The supervisor publishes rounds, with the consent that the person gave at finish.
  const unseen = what === 'pull_request' ? await refuseUnseen(worker, tip) : undefined;
  return unseen ?? asked({ kind: 'publish', by, what, withAnswers, watched });
};

/** Publishes what was asked for. Each effect is repeatable and has its own outcome. */
export async function performPublish(worker: Worker, work: FinishingOf<'publish'>): Promise<NewEvent[]> {
  const env = await environmentOf(worker);
  const effects = new RecordedEffects(worker, work, env);
  const publication = await publicationOf(worker, env);
  switch (work.what) {
    case 'pull_request':
      return [ended(work, await publishBranch(publication, work, effects))];
    case 'issue':
      return [ended(work, await publishResult(publication, effects))];
    case 'round':
      return await endRound(worker, work, await publishRound(publication, effects));
  }
}

export function publishStopped(work: FinishingOf<'publish'>): NewEvent {
  return ended(work, { outcome: 'stopped', summary: 'Publishing was stopped.' });
}

/** The event that ends a publication after a lasting failure. */
export function publishFailed(work: FinishingOf<'publish'>, { message }: Failure): NewEvent {
  return ended(work, { outcome: 'failed', summary: message });
}

function ended({ by, what }: FinishingOf<'publish'>, end: PublishResult): NewEvent {
  return { type: 'publish_ended', by, what, commands: [], ...end, flow: end.summary };
}

async function endRound(
  worker: Worker,
  work: FinishingOf<'publish'>,
  { asks, joins, ...end }: RoundEnd,
): Promise<NewEvent[]> {
  const { by } = work;
  const { pullRequest } = stateOf(worker);
  const round = newestRound(stateOf(worker));
  if (asks !== undefined && pullRequest !== undefined)
    return [...pullRequestChange(worker, by, { url: pullRequest.url, asks }), ended(work, end)];
  if (joins === undefined || round === undefined) return [ended(work, end)];
  const { accepted: _, ...begun } = round;
  const { head, base } = joins;
  const outcome = await beginRound(worker, {
    ...{ by, text: '' },
    round: { ...begun, keys: [], head, base },
    ...(by.channel !== 'settings' && { byHand: true as const }),
  });
  if ('error' in outcome) return [ended(work, { outcome: 'failed', summary: outcome.error.why })];
  return [ended(work, end), ...outcome.events];
}

/** The login of git and gh may come from a start-up file of the shell. */
async function environmentOf({ environment: { started }, environment }: Worker): Promise<Worker['env']> {
  if (isFromTerminal(started)) return started;
  const login = await environment.read();
  return login.kind === 'read' ? withLogin(started, login.env) : started;
}

async function publicationOf(worker: Worker, env: Worker['env']): Promise<Publishable> {
  const { file, git } = worker;
  const state = stateOf(worker);
  const { worktree } = state;
  // An archived session has no worktree.
  await git.unaccepted(worktree && statsAt(worktree.path) ? worktree.path : undefined);
  const context = { ...git.context, baseEnv: env };
  const base = worktree && (await findBaseBranch({ mainRepo: file.mainRepo, ...worktree, ...context }));
  const view = { folder: file.folder, paths: folderNow(worker), state, sessionFile: file };
  return { view, base, git: context };
}

/** The effects of a publication as events of the session. */
class RecordedEffects implements Effects {
  readonly isByPerson: boolean;
  readonly #worker: Worker;
  readonly #by: By;
  readonly #env: Worker['env'];

  constructor(worker: Worker, { by }: FinishingOf<'publish'>, env: Worker['env']) {
    this.isByPerson = by.channel !== 'settings';
    this.#worker = worker;
    this.#by = by;
    this.#env = env;
  }

  async during<T>(act: (context: Required<GhContext>) => Promise<T>): Promise<T> {
    return await whileTakingCommands(this.#worker, (signal) => act({ env: this.#env, signal }));
  }

  ended(name: string): Effect | undefined {
    return finishNow(stateOf(this.#worker))?.effects.find((effect) => effect.name === name);
  }

  async cause(...[name, act, change]: Parameters<Effects['cause']>): ReturnType<Effects['cause']> {
    const before = this.ended(name);
    if (before !== undefined) return before;
    await callExtensions(this.#worker, 'requireHeld');
    const done = await this.during((context) => outcomeOf(name, act(new GitHub(context), context)));
    if (done === undefined) return undefined;
    crashPoint('effect-had');
    const changed = change?.(done);
    const events = changed ? pullRequestChange(this.#worker, this.#by, changed) : [];
    await record(this.#worker, { type: 'effect_ended', ...done }, ...events);
    crashPoint(`published-${name}`);
    return done;
  }
}

async function outcomeOf(
  name: string,
  act: Promise<Omit<Effect, 'name' | 'outcome'> | undefined>,
): Promise<Effect | undefined> {
  try {
    const result = await act;
    return result && { name, outcome: 'done', ...result };
  } catch (error) {
    if (!isSamocodeError(error) || !isFinal(error)) throw error;
    return { name, outcome: 'refused', why: `${error.what} ${error.why}` };
  }
}

/** Whether the forge refused this request in a way that a retry does not change. */
function isFinal(error: SamocodeError): boolean {
  const { forge_refused, forge_renamed, forge_failed } = FORGE_ERRORS;
  if (forge_failed.is(error)) return Number(error.args.status) < 500;
  return forge_refused.is(error) || forge_renamed.is(error);
}

/** The event that changes the recorded pull request of the session; none if nothing changes. */
function pullRequestChange(worker: Worker, by: By, { url, ...more }: PullRequestPatch): NewEvent[] {
  const place = pullRequestAt(url);
  if (place === undefined) return [];
  const known = stateOf(worker).pullRequest;
  const wanted = { url, state: 'open' as const, ...more };
  const change = isSamePullRequest(known, place) ? differing(known, wanted) : wanted;
  const { repository, number } = place;
  return change === undefined ? [] : [{ type: 'pull_request_changed', by, repository, number, change }];
}
