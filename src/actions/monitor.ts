import { isSamocodeError } from '../base/errors.ts';
import { readKnownProjects } from '../project/known-projects.ts';
import { credentialChange } from '../providers/credentials.ts';
import { environmentOfSessions } from '../providers/login-shell.ts';
import { readSessionList } from '../session/session-list.ts';
import type { SessionState } from '../session/state.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { REVIVAL_LIMIT } from './revival-limit.ts';
import { type Revival, revive } from './revive.ts';

/** What one round over all sessions did. */
export interface MonitorRound {
  /** Sessions looked at. */
  sessions: number;
  /** Those that wanted a worker and had none, with what was done. */
  needy: Needy[];
  /** What could not be looked at or brought back, in words for people. */
  problems: string[];
}

interface Needy {
  session: string;
  sessionsDir: string;
  /** `other_payer`: somebody else's credentials paid for it, so it is left to a look from where those are set. */
  revival: Revival | 'other_payer';
  /** What differs, names alone. */
  credentials?: string;
}

/** When each session was given a worker by this process, by its run folder. */
export type Launches = Map<string, number[]>;

/**
 * Looks at every session of every project known on this machine and brings back the workers that are
 * missing, usage-limit waits included. One folder that can't be read keeps no other from being looked at.
 * @param launches handed from round to round, so that workers that die without a trace are limited too
 */
export async function lookAfterSessions(
  context: ActionContext,
  launches: Launches = new Map(),
): Promise<MonitorRound> {
  const round: MonitorRound = { sessions: 0, needy: [], problems: [] };
  const known = await readKnownProjects(context.home);
  if (known.kind === 'malformed') return { ...round, problems: [known.problem] };
  for (const sessionsDir of new Set(known.projects.map(({ sessions }) => sessions))) {
    const views = await readSessionList(sessionsDir, context.host).catch((error: unknown) => {
      round.problems.push(`${sessionsDir}: ${wordsOf(error)}`);
      return [];
    });
    round.sessions += views.length;
    const stuck = views.filter(({ isUnreadable, isUnseen }) => isUnreadable || isUnseen);
    round.problems.push(...stuck.map(({ folder, problems }) => `${folder}: ${problems.join(' ')}`));
    for (const view of views.filter(({ needsWorker }) => needsWorker)) {
      try {
        const needy = { session: view.folder, sessionsDir };
        const credentials = await otherPayer(view, context);
        // Its new worker would have nobody to ask, and block.
        if (credentials !== undefined) round.needy.push({ ...needy, revival: 'other_payer', credentials });
        else round.needy.push({ ...needy, revival: await reviveWithin(view, context, launches) });
      } catch (error) {
        round.problems.push(`${view.folder}: ${wordsOf(error)}`);
      }
    }
  }
  return round;
}

/** How those who paid for a session so far differ from who would pay for a worker of ours. */
async function otherPayer({ state }: SessionView, context: ActionContext): Promise<string | undefined> {
  // A child may still run, by its own credentials, and nobody holds it to its limits: that weighs more than a block.
  if (state.openIteration !== undefined) return undefined;
  const { env, home } = context;
  if (Object.keys(state.paidBy).length === 0) return undefined;
  // A worker of ours would have what a login shell adds.
  return paymentChange(state, await environmentOfSessions(env, home));
}

function paymentChange({ paidBy }: SessionState, env: ActionContext['env']): string | undefined {
  const changes = Object.entries(paidBy).flatMap(([provider, before]) => {
    const change = credentialChange(provider, before, env);
    return change === undefined ? [] : [`${provider}: ${change}`];
  });
  return changes.length > 0 ? changes.join('; ') : undefined;
}

async function reviveWithin(view: SessionView, context: ActionContext, launches: Launches): Promise<Revival> {
  const now = context.clock.monotonic();
  const recent = (launches.get(view.paths.runDir) ?? []).filter((at) => now - at < REVIVAL_LIMIT.withinMs);
  if (recent.length >= REVIVAL_LIMIT.times) return 'dies_again';
  const revival = await revive(view, context);
  launches.set(view.paths.runDir, revival === 'launched' ? [...recent, now] : recent);
  return revival;
}

export interface MonitorOptions {
  everyMs: number;
  /** Ends it. */
  signal: AbortSignal;
  onRound(round: MonitorRound): void;
}

/** Looks after all sessions, round after round, until it is aborted. No failure of a round ends it. */
export async function monitor(options: MonitorOptions, context: ActionContext): Promise<void> {
  const { everyMs, signal, onRound } = options;
  const launches: Launches = new Map();
  while (!signal.aborted) {
    try {
      onRound(await lookAfterSessions(context, launches));
    } catch (error) {
      onRound({ sessions: 0, needy: [], problems: [wordsOf(error)] });
    }
    await context.clock.sleep(everyMs, signal).catch(() => undefined);
  }
}

function wordsOf(error: unknown): string {
  if (isSamocodeError(error)) return `${error.what} ${error.why}`;
  return error instanceof Error ? error.message : String(error);
}
