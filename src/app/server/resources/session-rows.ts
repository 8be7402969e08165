import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Resource } from '@modelcontextprotocol/server';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { type PlacedSession, sessionIndex } from '../../../core/caller/context/session-index.ts';
import { cursorOf } from '../../../core/caller/facts/cursor.ts';
import { planLines } from '../../../core/caller/facts/plan-text.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { age } from '../../../core/kernel/durations.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { hasEnded } from '../../../core/session/events/rest.ts';
import { needsHuman } from '../../../core/session/folder/session-list.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { viewFacts } from '../../../core/session/words/facts.ts';
import { statusSentence } from '../../../core/session/words/words.ts';
import { RESOURCE_KINDS, resourceUri } from './kinds.ts';

export interface ListedSession extends PlacedSession {
  /** The session's name alone is ambiguous, or refers to another session. */
  isShadowed: boolean;
}

/** Every session that is not archived: those that need a person first, then the newest. */
export async function listedSessions(context: ActionContext): Promise<ListedSession[]> {
  const all = await (await sessionIndex({ reach: 'readable' }, context)).once();
  const times = new Map<string, { own: number; any: number }>();
  for (const { view, place } of all) {
    const { own, any } = times.get(view.folder) ?? { own: 0, any: 0 };
    times.set(view.folder, { own: own + Number(place.isOwn), any: any + 1 });
  }
  return all
    .filter(({ view }) => !view.state.archived)
    .map((one) => {
      // Same rule as in `findSession`: a session of the call's own project takes precedence.
      const { own = 0, any = 0 } = times.get(one.view.folder) ?? {};
      return { ...one, isShadowed: (one.place.isOwn ? own : any) > 1 };
    });
}

/** At most this many rows, most urgent first. */
const MAX_ROWS = 500;

/** `samocode://sessions`: every session of this machine's projects, as JSON. */
export async function sessionsText(context: ActionContext): Promise<string> {
  const sessions = await listedSessions(context);
  const rows = sessions.slice(0, MAX_ROWS).map(rowOf);
  const leftOut = sessions.length - rows.length;
  return `${JSON.stringify({ sessions: rows, ...(leftOut > 0 && { left_out: leftOut }) }, null, 1)}\n`;
}

function rowOf(placed: ListedSession) {
  const { session, state, for: waitsFor, phase, since, ...facts } = viewFacts(placed.view);
  return {
    session,
    project: dirname(placed.place.filePath),
    state,
    for: waitsFor,
    needs_human: facts.needsHuman || undefined,
    phase,
    iteration: facts.iteration,
    since,
    cursor: cursorOf(placed.view.state),
    overview: overviewUri(placed),
  };
}

export async function liveSessions(context: ActionContext): Promise<ListedSession[]> {
  return (await listedSessions(context)).filter(({ view }) => isLive(view));
}

/** Whether the session runs or waits for the user; others are reached by name. */
export function isLive({ state }: SessionView): boolean {
  return !state.archived && !hasEnded(state.status.kind);
}

export function overviewResource(session: ListedSession): Resource {
  const { view } = session;
  return {
    uri: overviewUri(session),
    name: view.folder,
    title: `${RESOURCE_KINDS.overview.title}: ${view.folder}`,
    description: statusSentence(view),
    mimeType: RESOURCE_KINDS.overview.mimeType,
    ...fileFacts(view),
  };
}

/** Priority of sessions that wait for a person; clients sort by it. */
const URGENT = 0.95;

function fileFacts(view: SessionView): Pick<Resource, 'annotations' | 'size'> {
  const { annotations } = RESOURCE_KINDS.overview;
  const priority = needsHuman(view) ? URGENT : annotations.priority;
  const file = overviewFile(view);
  return {
    annotations: { ...annotations, priority, ...(file && { lastModified: isoUtc(file.mtimeMs) }) },
    ...(file && { size: file.size }),
  };
}

function overviewFile({ paths }: SessionView): Stats | undefined {
  try {
    const stats = statsAt(paths.overview);
    return stats?.isFile() ? stats : undefined;
  } catch {
    // The folder may be unreadable; list the session without its file facts.
    return undefined;
  }
}

function overviewUri({ view, place, isShadowed }: ListedSession): string {
  return resourceUri('overview', view.folder, isShadowed ? place.filePath : undefined);
}

const A_DAY_MS = 24 * 60 * 60 * 1000;
const MAX_LINES = 30;

/** A line per session that is live or ended within a day, most urgent first. Contains no text from agents. */
export async function sessionLines(context: ActionContext): Promise<string> {
  const now = context.clock.now();
  const all = await listedSessions(context);
  const recent = all.filter(({ view }) => isLive(view) || now - restingSince(view.state) < A_DAY_MS);
  if (recent.length === 0) return '- No session is running, and none has ended within the last day.';
  const lines = recent.slice(0, MAX_LINES).map((session) => lineOf(session, now));
  const omitted = recent.length - lines.length;
  if (omitted > 0) lines.push(`- … and ${omitted} more: \`list_sessions\` with all_projects.`);
  const plans = await planLines(
    recent.map(({ view }) => view),
    context,
  );
  return [...lines, ...plans.map((line) => `- Used of the plan of ${line}`)].join('\n');
}

function lineOf({ view, place }: PlacedSession, now: number): string {
  const minutes = Math.round((now - restingSince(view.state)) / 60_000);
  const since = age(minutes * 60_000);
  return `- ${statusSentence(view)} Since ${since}; project ${dirname(place.filePath)}`;
}

function restingSince({ status }: PlacedSession['view']['state']): number {
  return Date.parse(status.since);
}
