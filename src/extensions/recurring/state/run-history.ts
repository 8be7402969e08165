import { cut } from '../../../core/kernel/text.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { needsHuman } from '../../../core/session/session-list.ts';
import type { Pause, Recurring, RecurringRunRecord, RecurringState, RunTotals } from '../recurring.ts';

const KEPT_RUNS = 50;
const FAILURES = 3;
const MAX_TEXT = 300;

/** Before the supervisor has considered it for the first time. */
export function newState({ createdAt }: Pick<Recurring, 'createdAt'>): RecurringState {
  return { v: 1, consideredTo: createdAt, runs: [], older: { runs: 0, costUsd: 0, iterations: 0 } };
}

/** Adds a run. The list stays bounded: the oldest finished one is counted in `older` and dropped. */
export function withRun(state: RecurringState, run: RecurringRunRecord): RecurringState {
  const runs = [...state.runs, { ...run, text: run.text && oneLineOf(run.text) }];
  if (runs.length <= KEPT_RUNS) return { ...state, runs };
  const dropped = Math.max(
    0,
    runs.findIndex((each) => !isOpen(each)),
  );
  const [oldest] = runs.splice(dropped, 1);
  return { ...state, runs, older: oldest === undefined ? state.older : addTo(state.older, oldest) };
}

/** Whether its session works, or waits for its person. */
export function isOpen({ result }: Pick<RecurringRunRecord, 'result'>): boolean {
  return result === 'works' || result === 'waits';
}

function oneLineOf(text: string): string {
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

/** What the session of a run says about it now. A run that is done keeps what its branch showed. */
export function seenRun(run: RecurringRunRecord, { state, isUnreadable }: SessionView): RecurringRunRecord {
  if (isUnreadable) return run;
  const { status, cost, progress, archived } = state;
  // A person who unarchives it wants to keep it.
  const isBack = run.archived === true && !archived && run.result === 'unchanged';
  return {
    ...run,
    ...resultOf(status, isBack ? { result: 'done' } : run),
    costUsd: cost.usd ?? run.costUsd,
    iterations: progress.totalIterations,
    archived: archived || undefined,
  };
}

function resultOf(
  status: SessionView['state']['status'],
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
      return { result: result === 'unchanged' ? result : 'done', text: oneLineOf(status.summary) };
    default:
      return { result: 'works', text: undefined };
  }
}

/**
 * Why the next run does not start yet: the last one still works, or needs its person. Undefined: it may start.
 * @param view of the session of the last run; undefined if it was removed, or not read yet
 */
export function whyHeld(
  last: RecurringRunRecord | undefined,
  view: SessionView | undefined,
): string | undefined {
  if (last?.session === undefined) return undefined;
  const { session } = last;
  const kind = view?.state.status.kind;
  if (view?.state.archived || kind === 'stopped') return undefined;
  if (view !== undefined && needsHuman(view)) return `its last run, ${session}, needs you`;
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
export function whyOver({ limits, resumes }: Recurring, state: RecurringState): string | undefined {
  const { runs, costUsd } = totalsOf(state);
  if (failuresInARow(state.runs, resumes) >= FAILURES) return `${FAILURES} runs in a row failed`;
  if (limits.runs !== undefined && runs >= limits.runs) return `its ${limits.runs} runs have been started`;
  if (limits.costTotalUsd !== undefined && inCents(limits.costTotalUsd - costUsd) <= 0)
    return `its runs have cost $${costUsd.toFixed(2)} of $${limits.costTotalUsd.toFixed(2)}`;
  return undefined;
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

/** The most that the next run may cost, so that all runs together stay within their limit; undefined: no limit. */
export function nextMaxUsd({ limits }: Recurring, state: RecurringState): number | undefined {
  const { costRunUsd, costTotalUsd } = limits;
  if (costTotalUsd === undefined) return costRunUsd;
  const reserved = state.runs
    .filter(isOpen)
    .reduce((sum, { maxUsd = 0, costUsd = 0 }) => sum + Math.max(0, maxUsd - costUsd), 0);
  const left = costTotalUsd - totalsOf(state).costUsd - reserved;
  return inCents(Math.min(costRunUsd ?? left, left));
}

/** Settings take no finer fraction of a dollar. */
function inCents(usd: number): number {
  return Math.floor(usd * 100 + 1e-6) / 100;
}
