import type { CostBy } from '../../core/acts/reading/after-merge.ts';
import { type CostSum, costOfIterations } from '../../core/acts/reading/cost.act.ts';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { sessionIndex } from '../../core/caller/context/session-index.ts';
import { failedRuns } from '../../core/kernel/phases/proving.ts';
import { readPresence, supervisorPaths } from '../../core/sandbox/programs/supervisor-folder.ts';
import type { SessionEvent } from '../../core/session/events/events.ts';
import { isAtRest } from '../../core/session/events/rest.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { readEvents } from '../../core/session/log/event-log.ts';
import { type HeldFile, readHeld } from './held-file.ts';
import { hasHeld, heldText } from './held-text.ts';
import { lookAtMerged } from './look.ts';

export interface CostByRow {
  name: string;
  /** Those at rest, in which an agent has worked. */
  sessions: number;
  /** The first full run of their checks passed. */
  provedAtFirstTry: number;
  /** The worker sent their work back at least once. */
  sentBack: number;
  /** Of `followed`, those that no commit has changed or reverted. */
  held: number;
  followed: number;
  cost: CostSum;
  hours: number;
}

export interface CostByReport {
  by: CostBy;
  rows: CostByRow[];
  /** What became of merged sessions, newest first. */
  merged: { session: string; text: string; changedBy: string[]; revertedBy: string[] }[];
  unreadable: string[];
}

/** For the server, and for a cost that is not compared, where no supervisor looks. A failure waits for the next look. */
export async function lookAtAll(context: ActionContext): Promise<void> {
  const { home, host } = context;
  if ((await readPresence(supervisorPaths(home, host), host)).kind === 'watching') return;
  const index = await sessionIndex({ reach: 'readable' }, context);
  const views = (await index.once()).map(({ view }) => view);
  await lookAtMerged(views, context).catch(() => undefined);
}

export async function readCostBy(
  { by, projectDir }: { by: CostBy; projectDir?: string | undefined },
  context: ActionContext,
): Promise<CostByReport> {
  const index = await sessionIndex({ projectDir, reach: projectDir ? 'known' : 'readable' }, context);
  const views = (await index.once()).map(({ view }) => view);
  await lookAtMerged(views, context).catch(() => undefined);
  const held = new Map<string, HeldFile['sessions']>();
  for (const sessionsDir of new Set(views.map(({ paths }) => paths.sessionsDir)))
    held.set(sessionsDir, (await readHeld(sessionsDir)).sessions);
  const rows = new Map<string, CostByRow>();
  const merged: CostByReport['merged'] = [];
  for (const view of views.toSorted((a, b) => (a.folder < b.folder ? 1 : -1))) {
    const record = held.get(view.paths.sessionsDir)?.[view.folder];
    const { changedBy = [], revertedBy = [] } = record ?? {};
    if (record) merged.push({ session: view.folder, text: heldText(record), changedBy, revertedBy });
    if (view.isUnreadable || !isAtRest(view.state.status.kind)) continue;
    const one = sessionRow(by, view, await readEvents(view.paths, 0));
    const hasIt = record && hasHeld(record);
    if (one === undefined) continue;
    add(rows, { ...one, held: Number(hasIt === true), followed: Number(hasIt !== undefined) });
  }
  const unreadable = views.filter((view) => view.isUnreadable).map(({ folder }) => folder);
  return { by, rows: [...rows.values()].sort((a, b) => b.sessions - a.sessions), merged, unreadable };
}

/** @returns undefined if no agent has worked in it */
function sessionRow(
  by: CostBy,
  { state }: SessionView,
  events: readonly SessionEvent[],
): CostByRow | undefined {
  const ended = events.filter((event) => event.type === 'iteration_ended');
  const full = events.find((event) => event.type === 'checks_ran' && event.set === 'full');
  const decisions = events.flatMap((event) => ('decision' in event ? [event.decision] : []));
  const name = by === 'way' ? state.progress.way : mostUsed(by, events);
  if (ended.length === 0 || name === undefined) return undefined;
  return {
    name,
    sessions: 1,
    provedAtFirstTry: Number(full?.type === 'checks_ran' && failedRuns(full).length === 0),
    sentBack: Number(decisions.some((decision) => 'sentBack' in decision && decision.sentBack)),
    held: 0,
    followed: 0,
    cost: costOfIterations(ended),
    hours: ended.reduce((sum, { durationMs }) => sum + durationMs, 0) / 3_600_000,
  };
}

/** A session counts for the agent, or model, that had the most of its iterations: of some, the first. */
function mostUsed(by: 'agent' | 'model', events: readonly SessionEvent[]): string | undefined {
  const counts = new Map<string, number>();
  for (const event of events)
    if (event.type === 'iteration_started') {
      const { provider, model } = event;
      const name = by === 'agent' ? provider : model || `${provider}, its default`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function add(rows: Map<string, CostByRow>, { name, cost, ...one }: CostByRow): void {
  const row = rows.get(name);
  if (row === undefined) {
    rows.set(name, { name, ...one, cost });
    return;
  }
  for (const key of ['sessions', 'provedAtFirstTry', 'sentBack', 'held', 'followed', 'hours'] as const)
    row[key] += one[key];
  for (const key of ['usd', 'iterations', 'unknown'] as const) row.cost[key] += cost[key];
  row.cost.isEstimate ||= cost.isEstimate;
}
