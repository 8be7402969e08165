import { listSessions } from '../../core/acts/reading/list-sessions.act.ts';
import {
  firstToReport,
  isNews,
  type Reading,
  readWatched,
  watchedFrom,
} from '../../core/acts/reading/wait-for-change.act.ts';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { projectDirOf, type SessionsFolder, sessionIndex } from '../../core/caller/context/session-index.ts';
import { seenIn } from '../../core/caller/facts/cursor.ts';
import { fileIdentity } from '../../core/kernel/files/fingerprint.ts';
import { statsAt } from '../../core/kernel/files/path-stats.ts';
import { cut } from '../../core/kernel/text.ts';
import { readSession } from '../../core/session/folder/read-session.ts';
import { needsHuman } from '../../core/session/folder/session-list.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { nameWithoutDate } from '../../core/session/layout/names.ts';
import { sessionPaths } from '../../core/session/layout/paths.ts';
import { viewFacts } from '../../core/session/words/facts.ts';
import { stateText } from '../../core/session/words/words.ts';
import { placeDigest, type TaskWatch } from './task-id.ts';

/** The sessions of a watch, and the project that they are of. Empty if they are gone. */
export interface Members {
  views: readonly SessionView[];
  projectDir: string;
}

export async function sessionsOfTask(
  { name, isGroup, place }: TaskWatch,
  context: ActionContext,
): Promise<Members> {
  const { places } = await sessionIndex({ reach: 'readable' }, context);
  const isMeant = ({ sessionsDir }: SessionsFolder) =>
    placeDigest(isGroup ? sessionsDir : sessionPaths(sessionsDir, name).runDir) === place;
  const meant = places.find(isMeant);
  if (meant === undefined) return { views: [], projectDir: '' };
  const projectDir = projectDirOf(meant);
  if (isGroup)
    return { views: (await listSessions({ group: name, projectDir }, context)).sessions, projectDir };
  const view = await readSession(sessionPaths(meant.sessionsDir, name), context.host);
  return { views: view ? [view] : [], projectDir };
}

/** How a wait for them would see them now. */
export async function readMembers(
  views: readonly SessionView[],
  { cursor, until }: Pick<TaskWatch, 'cursor' | 'until'>,
  context: ActionContext,
): Promise<Reading[]> {
  const read = views.map(async (view) => {
    const watched = watchedFrom(view, seenIn(cursor, view.folder, views.length === 1));
    const reading = await readWatched(watched, until, context);
    // A chat that sleeps until all are done must still hear of one that cannot continue without a person.
    return { ...reading, isReached: reading.isReached || needsHuman(view) };
  });
  return await Promise.all(read);
}

/** Whether a wait for them would answer at once, with something that its caller does not know. */
export function isDue(readings: readonly Reading[], { until, isGroup }: TaskWatch): boolean {
  const reported = firstToReport(readings, { until, isGroup });
  return reported !== undefined && isNews(reported);
}

export const MAX_STATUS_CHARS = 99;

/** What the sessions do, on one line below 100 characters and without text of an agent. `nowMs`: wall clock. */
export function statusMessage(views: readonly SessionView[], nowMs: number): string {
  const [only] = views;
  if (only === undefined) return 'gone';
  if (views.length === 1) return cut(doing(only, nowMs), MAX_STATUS_CHARS);
  const others = views.filter(({ state }) => state.status.kind !== 'done');
  const each = others.map((view) => `${nameWithoutDate(view.folder)}: ${doing(view, nowMs)}`);
  const done = `${views.length - others.length} of ${views.length} done`;
  return cut([done, ...each].join('; '), MAX_STATUS_CHARS);
}

function doing(view: SessionView, nowMs: number): string {
  const { status, progress, openIteration } = view.state;
  if (status.kind !== 'running') return stateText(viewFacts(view)).brief;
  const minutes = openIteration && Math.floor((nowMs - Date.parse(openIteration.startedAt)) / 60_000);
  const parts = [
    progress.phase,
    `iteration ${progress.totalIterations}`,
    minutes !== undefined && `${Math.max(0, minutes)} min`,
  ];
  return parts.filter(Boolean).join(' · ');
}

/** Changes with every event of the sessions: one stat for each. */
export function stampOf(views: readonly Pick<SessionView, 'paths'>[]): string {
  const stats = views.map(({ paths }) => statsAt(paths.events));
  return stats.map((each) => (each ? fileIdentity(each) : '')).join();
}
