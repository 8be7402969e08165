import { sep } from 'node:path';
import { identityAt } from '../../base/files/path-stats.ts';
import { newWatcher } from '../../base/files/watcher.ts';
import { readHolding } from '../../base/processes/lease.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import { sessionFolders } from '../../session/session-list.ts';
import { readSession } from '../../session/status.ts';
import type { ActionContext } from '../common/context.ts';
import { readActivity, readTroubles, reportOn, type SessionReport } from '../common/facts/get-status.ts';
import { readWatching, type Watching } from '../common/facts/worker-report.ts';
import { findSessionAndPlace } from '../common/places/find-session.ts';
import { findSessionsFolders, projectDirOf, type SessionsFolder } from '../common/places/sessions-folders.ts';

export interface WatchSessionsInput {
  /** Only sessions of this project; by default, those of every project known on this machine. */
  projectDir?: string | undefined;
  session?: string | undefined;
  signal: AbortSignal;
  /** What an earlier watch has read, and this one reads: sessions whose files are unchanged are not read again. */
  known?: KnownSessions;
}

export type KnownSessions = Map<string, Known>;

export interface ShownSession extends SessionReport {
  projectDir: string;
}

/** The minimum between two polls, however often files are written. */
const SPACING_MS = 250;
/** The poll interval. */
const POLL_MS = 1000;
/** The interval for what no session file shows: workers that died, a supervisor, other projects. */
const FULL_READ_MS = 10_000;
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
  const { signal, known = new Map<string, Known>() } = input;
  const watcher = newWatcher({ clock });
  let targets = await findTargets(input, context);
  let isFullRead = known.size === 0;
  let targetsAt = isFullRead ? clock.monotonic() : Number.NEGATIVE_INFINITY;
  let isFirst = true;
  try {
    for (;;) {
      const isChanged = await readChangedSessions(known, { targets, isFullRead, context, signal });
      if (isChanged || isFirst) yield [...known.values()].flatMap(({ session }) => session ?? []);
      isFirst = false;
      watcher.watch(watchedPaths(targets, known));
      await clock.sleep(SPACING_MS, signal);
      await watcher.wait(POLL_MS - SPACING_MS, signal);
      isFullRead = clock.monotonic() - targetsAt >= FULL_READ_MS;
      if (!isFullRead) continue;
      // A temporarily broken project must not remove its sessions from the screen.
      targets = await findTargets(input, context).catch(() => targets);
      targetsAt = clock.monotonic();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    watcher.close();
  }
}

interface WatchTargets {
  places: readonly SessionsFolder[];
  only?: string;
  watching: Watching;
  /** Of channels that notify. */
  troubles: string[];
}

interface Known {
  paths: SessionPaths;
  /** The identities of the files that it was read from; apart, that of the one which tells an agent's activity. */
  stamp: string;
  now: string;
  /** Undefined if archived, or not a session. */
  session?: ShownSession;
}

async function findTargets(
  { projectDir, session }: WatchSessionsInput,
  context: ActionContext,
): Promise<WatchTargets> {
  const machine = { watching: await readWatching(context), troubles: await readTroubles(context) };
  if (session === undefined) return { places: await findSessionsFolders(projectDir, context), ...machine };
  const { view, place } = await findSessionAndPlace({ session, projectDir }, context);
  return { places: [place], only: view.folder, ...machine };
}

interface ReadContext {
  targets: WatchTargets;
  /** Also check what no session file shows. */
  isFullRead: boolean;
  context: ActionContext;
  signal: AbortSignal;
}

/** @returns whether anything has changed */
async function readChangedSessions(known: Map<string, Known>, reading: ReadContext): Promise<boolean> {
  const all = await placesOfSessions(reading.targets, known);
  const keys = new Set(all.map(({ key }) => key));
  let isChanged = false;
  for (const key of [...known.keys()]) if (!keys.has(key)) isChanged = known.delete(key) || isChanged;
  for (let from = 0; from < all.length; from += AT_ONCE) {
    reading.signal.throwIfAborted();
    const changes = await Promise.all(
      all.slice(from, from + AT_ONCE).map((one) => readIfChanged(known, one, reading)),
    );
    isChanged ||= changes.includes(true);
  }
  return isChanged;
}

interface One {
  key: string;
  paths: SessionPaths;
  place: SessionsFolder;
}

async function placesOfSessions(
  { places, only }: WatchTargets,
  known: ReadonlyMap<string, Known>,
): Promise<One[]> {
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

async function readIfChanged(
  known: Map<string, Known>,
  { key, paths, place }: One,
  { targets, isFullRead, context }: ReadContext,
): Promise<boolean> {
  const before = known.get(key);
  const [stamp, now] = [stampOf(paths), identityAt(paths.now)];
  const isSame = before?.stamp === stamp;
  const shown = before?.session;
  if (
    isSame &&
    !(isFullRead && shown !== undefined && (await mayHaveChangedUnseen(shown, targets, context)))
  ) {
    if (before.now === now || shown === undefined) return false;
    const activity = await readActivity(shown.view);
    known.set(key, { ...before, now, session: { ...shown, activity } });
    return activity !== shown.activity;
  }
  const view = await readSession(paths, context.host, context.clock);
  const isShown = view !== undefined && !view.state.archived;
  const report = isShown ? await reportOn(view, context, targets.watching) : undefined;
  // The same object for the same state: what is made of it is kept by it.
  if (isSame && before.now === now && reportStamp(report) === reportStamp(shown)) return false;
  known.set(key, { paths, stamp, now, session: report && { ...report, projectDir: projectDirOf(place) } });
  return true;
}

/** The identity of the files that a session is read from; for a folder of the original tool, of its overview. */
function stampOf({ events, commands, leases, overview }: SessionPaths): string {
  const log = identityAt(events);
  if (log === '') return identityAt(overview);
  return [log, identityAt(commands), identityAt(leases)].join(' ');
}

/** Of a session that works, its worker's death, a silence and the troubles of channels are all that shows in no file of it. */
async function mayHaveChangedUnseen(
  { view, troubles }: ShownSession,
  targets: WatchTargets,
  { host }: ActionContext,
): Promise<boolean> {
  if (!mayChangeUnseen(view)) return false;
  if (view.worker !== 'alive' || view.state.openIteration?.stalledAt !== undefined) return true;
  if (troubles.join() !== targets.troubles.join()) return true;
  const holding = await readHolding(view.paths.leases, host);
  return holding.kind !== 'held' || holding.liveness !== 'alive';
}

/** Its worker may die, or its supervisor start or exit. */
function mayChangeUnseen({ state, worker, needsWorker }: SessionView): boolean {
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
function watchedPaths({ places }: WatchTargets, known: ReadonlyMap<string, Known>): string[] {
  const live = [...known.values()].flatMap(({ session }) => {
    if (session === undefined || !mayChangeUnseen(session.view)) return [];
    return session.view.paths.events;
  });
  return [...places.map(({ sessionsDir }) => runRoot(sessionsDir)), ...live];
}
