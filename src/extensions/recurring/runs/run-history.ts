import { keptText } from '../../../core/kernel/phases/usage-windows.ts';
import { cut } from '../../../core/kernel/text.ts';
import { STALE_BASE } from '../../../core/project/worktrees/base-commit.ts';
import { needsHuman } from '../../../core/session/folder/session-list.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Pause, Recurring, RecurringRunRecord, RecurringState, RunTotals } from '../recurring.ts';

const KEPT_RUNS = 50;
const FAILURES = 3;
const MAX_TEXT = 300;
const LEAST_USD = 0.5;
/** At one a minute, half a day. */
const MAX_TRIES = 720;

/** Before the supervisor has considered it for the first time. */
export function newState({ createdAt }: Pick<Recurring, 'createdAt'>): RecurringState {
  return { v: 1, consideredTo: createdAt, runs: [], older: { runs: 0, costUsd: 0, iterations: 0 } };
}

/** Adds a run. Runs in a row without a session are one record, and the list stays bounded. */
export function withRun(state: RecurringState, run: RecurringRunRecord): RecurringState {
  const last = state.runs.at(-1);
  const isRepeated = isWithoutWork(run) && last?.result === run.result;
  const skipped = isRepeated ? countOf(last) + countOf(run) : run.skipped;
  const added = { ...run, skipped, text: run.text && oneLineOf(run.text) };
  const runs: RecurringRunRecord[] = [...(isRepeated ? state.runs.slice(0, -1) : state.runs), added];
  if (runs.length <= KEPT_RUNS) return { ...state, runs };
  const [oldest] = runs.splice(oldestToDrop(runs), 1);
  return { ...state, runs, older: oldest === undefined ? state.older : addTo(state.older, oldest) };
}

/**
 * Adds the sessions that the list lacks: a crash came before their record, or the state was lost. Those before the last
 * run in the list are in the totals.
 */
export function withMissing(
  { resumes }: Pick<Recurring, 'resumes'>,
  state: RecurringState,
  views: readonly SessionView[],
): RecurringState {
  const since = lastRunOf(state)?.at ?? '';
  const missing = views.flatMap(({ folder: session, paths: { sessionsDir }, sessionFile }) => {
    const { recurring, createdAt: at = '', settings } = sessionFile ?? {};
    if (recurring === undefined || at <= since) return [];
    const { run } = recurring;
    const maxUsd = settings?.limits.session.usd;
    return [{ run, at, session, sessionsDir, maxUsd, result: 'works' as const, resumes }];
  });
  const isNew = (run: RecurringRunRecord) => !state.runs.some((known) => isSameSession(known, run));
  const added = missing.filter(isNew).sort((a, b) => a.at.localeCompare(b.at));
  return added.length === 0 ? state : added.reduce(withRun, { ...state, problem: undefined });
}

export function viewOf(
  run: RecurringRunRecord | undefined,
  views: readonly SessionView[],
): SessionView | undefined {
  return views.find(
    ({ folder: session, paths: { sessionsDir } }) => run && isSameSession(run, { session, sessionsDir }),
  );
}

type SessionOfRun = Pick<RecurringRunRecord, 'session' | 'sessionsDir'>;

function isSameSession(one: SessionOfRun, other: SessionOfRun): boolean {
  return one.session === other.session && one.sessionsDir === other.sessionsDir;
}

function isWithoutWork({ result }: RecurringRunRecord): boolean {
  return result === 'skipped' || result === 'idle';
}

function countOf({ skipped = 1 }: RecurringRunRecord): number {
  return skipped;
}

/** The list decides whether a run may start, so it keeps those that can still hold one, cost, or lead to a pause. */
function oldestToDrop(runs: RecurringRunRecord[]): number {
  const failures = runs.filter(({ result }) => result === 'failed').slice(-FAILURES);
  const kept = new Set([lastRunOf({ runs }), ...failures]);
  return Math.max(
    0,
    runs.findIndex((run) => !mayStillCost(run) && !kept.has(run)),
  );
}

/** A failed or stopped session costs again once its person resumes it. */
export function mayStillCost(run: RecurringRunRecord): boolean {
  if (isOpen(run)) return true;
  return (run.result === 'failed' || run.result === 'stopped') && run.session !== undefined && !run.archived;
}

/** Whether its session works, or waits for its person. */
export function isOpen({ result }: Pick<RecurringRunRecord, 'result'>): boolean {
  return result === 'works' || result === 'waits';
}

export function oneLineOf(text: string): string {
  return cut(text.replace(/\s+/g, ' ').trim(), MAX_TEXT);
}

function addTo(totals: RunTotals, run: RecurringRunRecord): RunTotals {
  return {
    runs: totals.runs + (run.session === undefined ? 0 : 1),
    costUsd: totals.costUsd + (run.costUsd ?? 0),
    iterations: totals.iterations + (run.iterations ?? 0),
  };
}

export function totalsOf({ older, runs }: Pick<RecurringState, 'older' | 'runs'>): RunTotals {
  return runs.reduce(addTo, older);
}

/** A run as its session shows it now. `unchanged` is kept, because the branch that proved it may be gone. */
export function seenRun(run: RecurringRunRecord, { state, isUnreadable }: SessionView): RecurringRunRecord {
  if (isUnreadable) return run;
  const { cost, progress, archived } = state;
  // A person who unarchives it wants to keep it.
  const isBack = run.archived === true && !archived && run.result === 'unchanged';
  return {
    ...run,
    ...resultOf(state, isBack ? { result: 'done' } : run),
    costUsd: cost.usd ?? run.costUsd,
    iterations: progress.totalIterations,
    archived: archived || undefined,
  };
}

function resultOf(
  { status, notes }: Pick<SessionView['state'], 'status' | 'notes'>,
  { result }: Pick<RecurringRunRecord, 'result'>,
): Pick<RecurringRunRecord, 'result'> & Partial<RecurringRunRecord> {
  switch (status.kind) {
    case 'waiting':
      return { result: 'waits', text: undefined };
    case 'blocked':
      return { result: 'failed', text: oneLineOf(status.reason) };
    case 'stopped':
      // Its person has given it up.
      if (result === 'failed') return { result };
      return { result: 'stopped', text: oneLineOf(status.why) };
    case 'done':
      return {
        result: result === 'unchanged' ? result : 'done',
        text: oneLineOf([notes.find((note) => note.includes(STALE_BASE)), status.summary].join(' ')),
      };
    default:
      return { result: 'works', text: undefined };
  }
}

/**
 * Why the next run does not start yet: the last one still works, or needs its person. Undefined: it may start.
 * @param view of the session of the last run; undefined if it was removed, or not read yet
 */
export function holdReason(
  last: RecurringRunRecord | undefined,
  view: SessionView | undefined,
): string | undefined {
  if (last?.session === undefined) return undefined;
  const { session } = last;
  const kind = view?.state.status.kind;
  if (view?.state.archived || kind === 'stopped') return undefined;
  if (view !== undefined && needsHuman(view)) return `its last run, ${session}, needs you`;
  const kept = view?.state.status.kind === 'limited' ? view.state.status.kept : undefined;
  if (kept) return `kept: ${keptText(kept)}, so its last run, ${session}, waits`;
  const works = kind === undefined ? isOpen(last) : kind !== 'done';
  return works ? `its last run, ${session}, still works` : undefined;
}

/** The last run that has, or was to have, a session. */
export function lastRunOf({ runs }: Pick<RecurringState, 'runs'>): RecurringRunRecord | undefined {
  return runs.findLast(({ session }) => session !== undefined);
}

/** The pause in force: that of the person, or else that of the supervisor unless the person has resumed it since. */
export function pauseOf(
  { paused, resumes }: Recurring,
  state: RecurringState | undefined,
): Pause | undefined {
  if (paused !== undefined) return { ...paused, by: 'person' };
  const own = state?.paused;
  return own?.resumes === resumes ? { at: own.at, why: own.why, by: 'supervisor' } : undefined;
}

/** Why no further run may start; undefined: one may. Pure. */
export function pauseReason({ limits, resumes }: Recurring, state: RecurringState): string | undefined {
  const { runs, costUsd } = totalsOf(state);
  if (failuresInARow(state.runs, resumes) >= FAILURES) return `${FAILURES} runs in a row failed`;
  const { tries, text } = problemOf({ resumes }, state) ?? { tries: 0 };
  if (tries >= MAX_TRIES) return `${tries} attempts to start a run failed: ${text}`;
  if (limits.runs !== undefined && runs >= limits.runs) return `its ${limits.runs} runs have been started`;
  const leftUsd = inCents((limits.costTotalUsd ?? Number.POSITIVE_INFINITY) - costUsd);
  if (limits.costTotalUsd === undefined || leftUsd >= leastUsd({ limits })) return undefined;
  const little = leftUsd > 0 ? ', which leaves too little for another one' : '';
  return `its runs have cost $${costUsd.toFixed(2)} of $${limits.costTotalUsd.toFixed(2)}${little}`;
}

/** With less, a run would pay one agent and then ask its person. */
export function leastUsd({ limits: { costRunUsd, costTotalUsd } }: Pick<Recurring, 'limits'>): number {
  return Math.min(LEAST_USD, costRunUsd ?? LEAST_USD, costTotalUsd ?? LEAST_USD);
}

/** Why nothing can be started, since the last resume. */
export function problemOf(
  { resumes }: Pick<Recurring, 'resumes'>,
  { problem }: Pick<RecurringState, 'problem'>,
): RecurringState['problem'] {
  return problem?.resumes === resumes ? problem : undefined;
}

/** Failures before the last resume are forgiven; runs that neither failed nor were done do not count. */
function failuresInARow(runs: readonly RecurringRunRecord[], resumes: number): number {
  let failures = 0;
  for (const run of runs.toReversed()) {
    if (run.resumes !== resumes || run.result === 'done' || run.result === 'unchanged') return failures;
    if (run.result === 'failed') failures += 1;
  }
  return failures;
}

/**
 * The most that the next run may cost, so that all runs together stay within their limit; undefined: no limit.
 * @param ofProject the limit of its project for each session, which the limit for one run replaces
 */
export function nextMaxUsd(
  { limits }: Recurring,
  state: RecurringState,
  ofProject?: number,
): number | undefined {
  const { costRunUsd, costTotalUsd } = limits;
  if (costTotalUsd === undefined) return costRunUsd;
  const reserved = state.runs
    .filter(mayStillCost)
    .reduce((sum, { maxUsd = 0, costUsd = 0 }) => sum + Math.max(0, maxUsd - costUsd), 0);
  const left = costTotalUsd - totalsOf(state).costUsd - reserved;
  return inCents(Math.min(costRunUsd ?? ofProject ?? left, left));
}

/** Settings take no finer fraction of a dollar. */
function inCents(usd: number): number {
  return Math.floor(usd * 100 + 1e-6) / 100;
}
