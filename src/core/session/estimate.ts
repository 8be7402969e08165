import { plainText } from '../kernel/files/plain-file.ts';
import type { SessionSpent } from '../kernel/phases/limits.ts';
import type { Phase, Way } from '../kernel/phases/table.ts';
import type { Host } from '../kernel/processes/host.ts';
import { parsePlan } from './documents/plan.ts';
import type { PlanEstimate, Range } from './events/bodies/positions.ts';
import type { SessionFile } from './events/bodies/session-file.ts';
import type { SessionEvent } from './events/events.ts';
import { spentBy } from './events/fold-spent.ts';
import type { SessionState } from './events/state.ts';
import { readAllSessions } from './folder/session-list.ts';
import { MAX_DOCUMENT_BYTES } from './layout/paths.ts';

/** The phases after implementation, whose length depends little on the plan. */
const AFTER_IMPLEMENTATION: readonly Phase[] = ['testing', 'quality', 'done'];

/** With fewer than LEAST sessions there are no ranges; of more than MOST, those nearest in size are used. */
const LEAST = 5;
const MOST = 20;

/** The agent that builds, and the size of the plan: the basis for comparing sessions. */
export interface PlannedWork {
  mainRepo: string;
  provider: string;
  model: string;
  phases: number;
  steps: number;
  /** Its sessions differ in how many agents come after the work. */
  way: Way;
}

export interface PastWork extends PlannedWork {
  spent: SessionSpent['phases'];
  /** Its agents reported what they cost. */
  isPriced: boolean;
}

export function plannedWork(
  { mainRepo, settings }: Pick<SessionFile, 'mainRepo' | 'settings'>,
  { chosen, progress }: Pick<SessionState, 'chosen' | 'progress'>,
  plan: string,
): PlannedWork {
  const { phases } = parsePlan(plan);
  const { providers, provider, models, model } = settings;
  return {
    mainRepo,
    provider: chosen?.provider ?? providers.implementation ?? provider,
    model: chosen?.provider ? chosen.model : (models.implementation ?? chosen?.model ?? model),
    phases: Math.max(1, phases.length),
    steps: phases.reduce((sum, { steps }) => sum + steps.total, 0) || 1,
    way: progress.way,
  };
}

/** The spending of the finished sessions in these folders on their first goal. */
export async function pastWork(sessionsDirs: Iterable<string>, host: Host): Promise<PastWork[]> {
  const found: PastWork[] = [];
  for (const dir of new Set(sessionsDirs)) {
    // A missing or unreadable folder must not prevent the plan from being shown.
    const views = await readAllSessions(dir, host).catch(() => []);
    for (const { state, sessionFile, paths } of views) {
      if (state.status.kind !== 'done' || state.goal !== undefined || sessionFile === undefined) continue;
      const plan = await plainText(paths.approvedPlan, MAX_DOCUMENT_BYTES);
      if (plan === undefined) continue;
      const { spent, cost } = state;
      const isPriced = cost.usd !== undefined;
      found.push({ ...plannedWork(sessionFile, state, plan), spent: spent.phases, isPriced });
    }
  }
  return found;
}

/**
 * Estimates what a plan will take from past sessions with the same agent: those of the same project or, if they are too
 * few, of this machine. Building grows with the plan (iterations with its phases, time and cost with its steps); the
 * rest does not. A range omits the outermost tenth on each side.
 */
export function estimateFrom(past: readonly PastWork[], plan: PlannedWork): PlanEstimate {
  const { provider, model, way } = plan;
  const alike = past.filter((each) => each.provider === provider && each.model === model && each.way === way);
  const own = alike.filter(({ mainRepo }) => mainRepo === plan.mainRepo);
  const from = own.length >= LEAST ? 'project' : 'machine';
  const nearest = (from === 'project' ? own : alike)
    .toSorted((a, b) => distance(a, plan) - distance(b, plan))
    .slice(0, MOST);
  const head = { provider, model, from, sessions: nearest.length } as const;
  if (nearest.length < LEAST) return head;
  const range = ({ key, by }: Measure, of = nearest) => {
    const scaled = of.map(({ spent, [by]: size }) => {
      const rest = AFTER_IMPLEMENTATION.reduce((sum, phase) => sum + (spent[phase]?.[key] ?? 0), 0);
      return ((spent.implementation?.[key] ?? 0) * plan[by]) / size + rest;
    });
    return rangeOf(scaled);
  };
  const priced = nearest.filter(({ isPriced }) => isPriced);
  const usd = priced.length >= LEAST ? range(USD, priced) : undefined;
  return { ...head, ranges: { iterations: range(ITERATIONS), hours: range(HOURS), usd } };
}

function distance(a: PlannedWork, b: PlannedWork): number {
  return Math.abs(Math.log(a.steps / b.steps)) + Math.abs(Math.log(a.phases / b.phases));
}

function rangeOf(values: readonly number[]): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const out = Math.floor(sorted.length / 10);
  return { least: sorted[out] ?? 0, most: sorted[sorted.length - 1 - out] ?? 0 };
}

interface Measure {
  key: 'iterations' | 'hours' | 'usd';
  /** The size to which it is proportional. */
  by: 'phases' | 'steps';
  shown(range: Range): string;
}

const ITERATIONS: Measure = {
  key: 'iterations',
  by: 'phases',
  shown: (range) => `${between(range, (each) => String(Math.round(each)))} iterations`,
};
const HOURS: Measure = {
  key: 'hours',
  by: 'steps',
  shown: (range) =>
    range.most < 2
      ? `${between(range, (hours) => String(Math.ceil(hours * 60)))} min of agents' time`
      : `${between(range, (hours) => hours.toFixed(1))} h of agents' time`,
};
const USD: Measure = {
  key: 'usd',
  by: 'steps',
  shown: (range) => `$${between(range, (usd) => usd.toFixed(2))}`,
};

function between({ least, most }: Range, shown: (value: number) => string): string {
  return shown(least) === shown(most) ? shown(least) : `${shown(least)}–${shown(most)}`;
}

export function estimateText({ provider, model, from, sessions, ranges }: PlanEstimate): string {
  const who = model === '' ? provider : `${provider} (${model})`;
  const where = from === 'project' ? 'this project' : 'this machine';
  if (ranges === undefined)
    return `No estimate yet: it needs ${LEAST} done sessions with ${who}, and ${where} has ${sessions}.`;
  const parts = [ITERATIONS, HOURS, USD].flatMap(({ key, shown }) =>
    ranges[key] ? [shown(ranges[key])] : [],
  );
  return `Estimate, from approval to done: ${parts.join(', ')} (from ${sessions} sessions of ${where} with ${who}).`;
}

/**
 * The estimate for the first approved plan of the newest goal and, once the session is done, the actual amounts;
 * undefined without an estimate.
 */
export function estimateScore(events: readonly SessionEvent[], isDone: boolean): string | undefined {
  const goal = events.findLastIndex((event) => event.type === 'resumed' && event.goal !== undefined);
  const approval = events.findIndex(({ type }, at) => type === 'plan_approved' && at > goal);
  const asked = events.slice(0, approval + 1).findLast((event) => event.type === 'parked' && event.plan);
  const estimate = asked?.type === 'parked' ? asked.estimate : undefined;
  if (estimate?.ranges === undefined || !isDone) return estimate && estimateText(estimate);
  const { ranges } = estimate;
  const took = [ITERATIONS, HOURS, USD].flatMap(({ key, shown }) => {
    const range = ranges[key];
    if (range === undefined) return [];
    const actual = events.slice(approval).reduce((sum, event) => {
      const isWork =
        event.type === 'iteration_ended' && ['implementation', ...AFTER_IMPLEMENTATION].includes(event.phase);
      return isWork ? sum + spentBy(event)[key] : sum;
    }, 0);
    const verdict = actual < range.least ? 'less' : actual > range.most ? 'more' : 'as estimated';
    return [`${shown({ least: actual, most: actual })} (${verdict})`];
  });
  return `${estimateText(estimate)} It took ${took.join(', ')}.`;
}
