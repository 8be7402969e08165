import { dirname } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { sessionIndex } from '../../caller/context/session-index.ts';
import { isoUtc } from '../../kernel/clock.ts';
import type { EventOf } from '../../session/events/events.ts';
import { spentBy } from '../../session/events/fold-spent.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readEvents } from '../../session/log/event-log.ts';
import type { ShownSession } from './watch-sessions.act.ts';

/** The cost of iterations that have ended. */
export interface CostSum {
  /** The sum for the iterations whose cost is known. */
  usd: number;
  /** True if part of it was computed from tokens and a price table. */
  isEstimate: boolean;
  iterations: number;
  /** Iterations whose agent CLI did not report a cost. */
  unknown: number;
}

export const PERIODS = ['today', 'week', 'all'] as const;
export type CostRow = Record<(typeof PERIODS)[number], CostSum>;

export interface CostReport {
  /** Local midnights, in UTC: the start of today, and of the seven days that end with today. */
  todaySince: string;
  weekSince: string;
  total: CostRow;
  projects: (CostRow & { projectDir: string })[];
  providers: (CostRow & { provider: string })[];
  /** Sessions whose events cannot be read. */
  unreadable: string[];
}

/** Sums the cost of this machine's sessions, including archived ones. An iteration counts on the day it ended. */
export async function readCost(
  { projectDir }: { projectDir?: string },
  context: ActionContext,
): Promise<CostReport> {
  const index = await sessionIndex({ projectDir, reach: projectDir ? 'known' : 'readable' }, context);
  const nowMs = context.clock.now();
  const since = { today: midnight(nowMs, 0), week: midnight(nowMs, 6), all: '' };
  const total = emptyRow();
  const projects = new Map<string, CostRow>();
  const providers = new Map<string, CostRow>();
  const unreadable: string[] = [];
  for (const { view, place } of await index.once()) {
    if (view.isUnreadable) unreadable.push(view.folder);
    else
      for (const { provider, ended } of await endedIterations(view)) {
        // Several projects may share a SESSIONS folder.
        const project = dirname(view.sessionFile?.configPath ?? place.filePath);
        const rows = [total, rowOf(projects, project), rowOf(providers, provider)];
        for (const period of PERIODS)
          if (ended.at >= since[period]) for (const row of rows) add(row[period], ended);
      }
  }
  return {
    todaySince: since.today,
    weekSince: since.week,
    total,
    unreadable,
    projects: mostExpensiveFirst(projects).map(([dir, row]) => ({ projectDir: dir, ...row })),
    providers: mostExpensiveFirst(providers).map(([provider, row]) => ({ provider, ...row })),
  };
}

/**
 * Sums today's cost of these sessions. Reads only the logs of sessions in which an iteration has ended today, and each
 * once per view.
 */
export async function costToday(
  sessions: readonly ShownSession[],
  { clock }: Pick<ActionContext, 'clock'>,
): Promise<CostSum> {
  const since = midnight(clock.now(), 0);
  const total = emptySum();
  for (const { view } of sessions) {
    const { lastIteration } = view.state;
    if (lastIteration === undefined || lastIteration.endedAt < since) continue;
    for (const ended of await endedSince(view, since)) add(total, ended);
  }
  return total;
}

/** By view, which is another object after each event. */
const endedToday = new WeakMap<SessionView, { since: string; ended: EventOf<'iteration_ended'>[] }>();

async function endedSince(view: SessionView, since: string): Promise<EventOf<'iteration_ended'>[]> {
  const known = endedToday.get(view);
  if (known?.since === since) return known.ended;
  const ended = (await endedIterations(view)).map((each) => each.ended).filter(({ at }) => at >= since);
  endedToday.set(view, { since, ended });
  return ended;
}

interface EndedIteration {
  provider: string;
  ended: EventOf<'iteration_ended'>;
}

async function endedIterations({ paths }: SessionView): Promise<EndedIteration[]> {
  const found: EndedIteration[] = [];
  let provider = '';
  for (const event of await readEvents(paths, 0)) {
    if (event.type === 'iteration_started') provider = event.provider;
    if (event.type === 'iteration_ended' && hasSpent(event)) found.push({ provider, ended: event });
  }
  return found;
}

/** An agent that did not start, or that its service rejected, cost nothing unless it reported a cost. */
function hasSpent(ended: EventOf<'iteration_ended'>): boolean {
  return ended.cost.usd !== undefined || spentBy(ended).iterations > 0;
}

export function costOfIterations(all: readonly EventOf<'iteration_ended'>[]): CostSum {
  const sum = emptySum();
  for (const ended of all.filter(hasSpent)) add(sum, ended);
  return sum;
}

function add(spending: CostSum, { cost }: EventOf<'iteration_ended'>): void {
  spending.usd += cost.usd ?? 0;
  spending.isEstimate ||= cost.usdIsEstimate === true;
  spending.iterations += 1;
  if (cost.usd === undefined) spending.unknown += 1;
}

function emptySum(): CostSum {
  return { usd: 0, isEstimate: false, iterations: 0, unknown: 0 };
}

function emptyRow(): CostRow {
  return { today: emptySum(), week: emptySum(), all: emptySum() };
}

function rowOf(rows: Map<string, CostRow>, name: string): CostRow {
  const row = rows.get(name) ?? emptyRow();
  rows.set(name, row);
  return row;
}

function mostExpensiveFirst(rows: ReadonlyMap<string, CostRow>): [string, CostRow][] {
  return [...rows].sort(([, a], [, b]) => b.all.usd - a.all.usd);
}

function midnight(nowMs: number, daysBefore: number): string {
  const day = new Date(nowMs);
  return isoUtc(new Date(day.getFullYear(), day.getMonth(), day.getDate() - daysBefore).getTime());
}
