import { sep } from 'node:path';
import { identityAt } from '../../base/files/path-stats.ts';
import { newWatcher } from '../../base/files/watcher.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import { sessionFolders } from '../../session/session-list.ts';
import { readSession } from '../../session/status.ts';
import type { ActionContext } from '../common/context.ts';
import { reportOn, type SessionReport } from '../common/facts/get-status.ts';
import { readWatching, type Watching } from '../common/facts/worker-report.ts';
import { findSessionAndPlace } from '../common/places/find-session.ts';
import { projectDirOf, type SessionsPlace, sessionsPlaces } from '../common/places/sessions-places.ts';

export interface WatchSessionsInput {
  /** Only sessions of this project; by default, those of every project known on this machine. */
  projectDir?: string | undefined;
  session?: string | undefined;
  signal: AbortSignal;
}

export interface ShownSession extends SessionReport {
  projectDir: string;
}

/** The minimum between two polls, however often files are written. */
const SPACING_MS = 250;
/** The poll interval. */
const LOOK_MS = 1000;
/** The interval for what no session file shows: workers that died, a supervisor, other projects. */
const AROUND_MS = 10_000;
/** Sessions read concurrently: each opens a handful of files. */
const AT_ONCE = 32;

/**
 * Yields all sessions that are not archived, unordered: first their current state, then again whenever one has
 * changed. Starts nothing, and ends when aborted.
 * @throws session_not_found, session_ambiguous, project_not_found and the errors of settings, before the first item
 */
export async function* watchSessions(
  input: WatchSessionsInput,
  context: ActionContext,
): AsyncGenerator<ShownSession[], void> {
  const { clock } = context;
  const { signal } = input;
  const known = new Map<string, Known>();
  const watcher = newWatcher({ clock });
  let around = await lookAround(input, context);
  let aroundAt = clock.monotonic();
  let isAround = true;
  let isFirst = true;
  try {
    for (;;) {
      const isChanged = await lookAtAll(known, { around, isAround, context });
      if (isChanged || isFirst) yield [...known.values()].flatMap(({ session }) => session ?? []);
      isFirst = false;
      watcher.watch(watchedPaths(around, known));
      await clock.sleep(SPACING_MS, signal);
      await watcher.wait(LOOK_MS - SPACING_MS, signal);
      isAround = clock.monotonic() - aroundAt >= AROUND_MS;
      if (!isAround) continue;
      // A temporarily broken project must not remove its sessions from the screen.
      around = await lookAround(input, context).catch(() => around);
      aroundAt = clock.monotonic();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    watcher.close();
  }
}

interface Around {
  places: readonly SessionsPlace[];
  only?: string;
  watching: Watching;
}

interface Known {
  paths: SessionPaths;
  stamp: string;
  /** Undefined if archived, or not a session. */
  session?: ShownSession;
}

async function lookAround(
  { projectDir, session }: WatchSessionsInput,
  context: ActionContext,
): Promise<Around> {
  const watching = await readWatching(context);
  if (session === undefined) return { places: await sessionsPlaces(projectDir, context), watching };
  const { view, place } = await findSessionAndPlace({ session, projectDir }, context);
  return { places: [place], only: view.folder, watching };
}

interface Looking {
  around: Around;
  /** Also check what no session file shows. */
  isAround: boolean;
  context: ActionContext;
}

/** @returns whether anything has changed */
async function lookAtAll(known: Map<string, Known>, looking: Looking): Promise<boolean> {
  const all = await placesOfSessions(looking.around, known);
  const keys = new Set(all.map(({ key }) => key));
  let isChanged = false;
  for (const key of [...known.keys()]) if (!keys.has(key)) isChanged = known.delete(key) || isChanged;
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const changes = await Promise.all(
      all.slice(from, from + AT_ONCE).map((one) => lookAtOne(known, one, looking)),
    );
    isChanged ||= changes.includes(true);
  }
  return isChanged;
}

interface One {
  key: string;
  paths: SessionPaths;
  place: SessionsPlace;
}

async function placesOfSessions({ places, only }: Around, known: ReadonlyMap<string, Known>): Promise<One[]> {
  const found: One[] = [];
  for (const place of places) {
    const folders = only === undefined ? await sessionFolders(place.sessionsDir) : [only];
    for (const folder of folders) {
      const key = `${place.sessionsDir}${sep}${folder}`;
      found.push({ key, paths: known.get(key)?.paths ?? sessionPaths(place.sessionsDir, folder), place });
    }
  }
  return found;
}

async function lookAtOne(
  known: Map<string, Known>,
  { key, paths, place }: One,
  { around, isAround, context }: Looking,
): Promise<boolean> {
  const before = known.get(key);
  const stamp = stampOf(paths);
  const isSame = before?.stamp === stamp;
  if (isSame && !(isAround && before.session !== undefined && mayChangeAlone(before.session.view)))
    return false;
  const view = await readSession(paths, context.host, context.clock);
  const isShown = view !== undefined && !view.state.archived;
  const report = isShown ? await reportOn(view, context, around.watching) : undefined;
  known.set(key, { paths, stamp, session: report && { ...report, projectDir: projectDirOf(place) } });
  return !isSame || reportStamp(report) !== reportStamp(before.session);
}

/** The identity of the files that a session is read from; for a folder of the original tool, of its overview. */
function stampOf({ events, now, commands, leases, overview }: SessionPaths): string {
  const log = identityAt(events);
  if (log === '') return identityAt(overview);
  return [log, identityAt(now), identityAt(commands), identityAt(leases)].join(' ');
}

/** Its worker may die, or its supervisor start or exit. */
function mayChangeAlone({ state, worker, needsWorker }: SessionView): boolean {
  const { kind } = state.status;
  return worker !== 'none' || needsWorker || (kind !== 'done' && kind !== 'stopped');
}

/** The part of a report that no session file shows. */
function reportStamp(report: SessionReport | undefined): string {
  if (report === undefined) return '';
  const { view, worker, isDying, isStalled, unwatched, troubles } = report;
  return JSON.stringify([view.worker, view.isUnseen, worker, isDying, isStalled, unwatched, troubles]);
}

/** Folders in which sessions appear, and the logs of sessions that may still change. */
function watchedPaths({ places }: Around, known: ReadonlyMap<string, Known>): string[] {
  const live = [...known.values()].flatMap(({ session }) => {
    if (session === undefined || !mayChangeAlone(session.view)) return [];
    const { events, now } = session.view.paths;
    return session.view.state.openIteration === undefined ? [events] : [events, now];
  });
  return [...places.map(({ sessionsDir }) => runRoot(sessionsDir)), ...live];
}
