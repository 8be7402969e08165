import { isSamocodeError, type SamocodeError } from '../../../core/kernel/errors.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import type { Effect, FinishingOf } from '../../../core/session/events/bodies/finishing.ts';
import type { By } from '../../../core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../core/session/events/events.ts';
import { finishNow } from '../../../core/session/events/open-work.ts';
import { differing, isSamePullRequest } from '../../../core/session/events/pull-request-change.ts';
import { pullRequestAt } from '../../../core/session/pull-request.ts';
import { whileTakingCommands } from '../../../core/worker/commands/while-taking-commands.ts';
import { record, stateOf, type Worker } from '../../../core/worker/core/worker.ts';
import { FORGE_ERRORS } from '../forge/forge-errors.ts';
import { GitHub } from '../forge/github.ts';
import type { Change, Steps } from '../publish/steps.ts';

/** The steps of a publication whose effects are events of the session. */
export class RecordedSteps implements Steps {
  readonly env: Steps['env'];
  readonly isByPerson: boolean;
  readonly #worker: Worker;
  readonly #by: By;

  constructor(worker: Worker, { by }: FinishingOf<'publish'>, env: Steps['env']) {
    this.env = env;
    this.isByPerson = by.channel !== 'settings';
    this.#worker = worker;
    this.#by = by;
  }

  /** Runs a part while the worker takes commands. @throws Stopped */
  async during<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const end = await whileTakingCommands(this.#worker, act);
    if (end.kind === 'stopped') throw new Stopped();
    return end.value;
  }

  ended(name: string): Effect | undefined {
    return finishNow(stateOf(this.#worker))?.effects.find((effect) => effect.name === name);
  }

  async effect(...[name, act, change]: Parameters<Steps['effect']>): ReturnType<Steps['effect']> {
    const before = this.ended(name);
    if (before !== undefined) return before;
    const { env } = this;
    const done = await this.during((signal) => outcomeOf(name, act(new GitHub({ env, signal }), signal)));
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

/** A person stopped the publication. */
export class Stopped extends Error {}

/** The event that changes the recorded pull request of the session; none if nothing changes. */
export function pullRequestChange(worker: Worker, by: By, { url, ...more }: Change): NewEvent[] {
  const place = pullRequestAt(url);
  if (place === undefined) return [];
  const known = stateOf(worker).pullRequest;
  const wanted = { url, state: 'open' as const, ...more };
  const change = isSamePullRequest(known, place) ? differing(known, wanted) : wanted;
  const { repository, number } = place;
  return change === undefined ? [] : [{ type: 'pull_request_changed', by, repository, number, change }];
}
