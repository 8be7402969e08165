import { sep } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSessionAndPlace } from '../../caller/context/find-session.ts';
import {
  projectDirOf,
  type SessionIndex,
  type SessionsFolder,
  type SessionsQuestion,
  sessionIndex,
} from '../../caller/context/session-index.ts';
import {
  type MachineNow,
  readActivity,
  readTroubles,
  reportOn,
  type SessionReport,
} from '../../caller/facts/get-status.ts';
import { readWatching } from '../../caller/facts/worker-report.ts';
import { orNothing } from '../../kernel/errors.ts';
import { identityAt } from '../../kernel/files/path-stats.ts';
import { newWatcher } from '../../kernel/files/watcher.ts';
import { livenessOf } from '../../kernel/processes/host.ts';
import { hasEnded } from '../../session/events/rest.ts';
import { readSession } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';

export interface WatchSessionsInput {
  /** Only sessions of this project; by default, those of every project known on this machine. */
  projectDir?: string;
  session?: string;
  reach?: SessionsQuestion['reach'];
  signal: AbortSignal;
  /** Shared by several watches: a session whose files have not changed is not read again. */
  known?: KnownSessions;
}

export type KnownSessions = Map<string, Known>;

export interface ShownSession extends SessionReport {
  projectDir: string;
}

/** The minimum between two polls, however often files are written. */
const SPACING_MS = 150;
const POLL_MS = 1000;
/** Of sessions at rest, whose changes are mostly watched, only every second poll reads what their files are. */
const REST_POLLS = 2;
/** The interval for what no session file shows: dead workers, a supervisor that came or went, new projects. */
const FULL_READ_MS = 10_000;
/** How many sessions are read concurrently; each opens a handful of files. */
const AT_ONCE = 32;

/**
 * Yields all sessions that are not archived, unordered: first their current state, then again whenever one has
 * changed. Starts nothing, and ends when aborted.
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
  let isWoken = true;
  try {
    for (let polls = 0; ; polls += 1) {
      const skipsRest = !isFullRead && !isWoken && polls % REST_POLLS > 0;
      const changes = await readChangedSessions(known, { targets, isFullRead, skipsRest, context, signal });
      if (changes.size > 0 || isFirst) yield [...known.values()].flatMap(({ session }) => session ?? []);
      // The paths change when session files do; a full read also retries watches that failed.
      if (isFirst || isFullRead || changes.has('files')) watcher.watch(watchedPaths(targets, known));
      isFirst = false;
      await clock.sleep(SPACING_MS, signal);
      isWoken = await watcher.wait(POLL_MS - SPACING_MS, signal);
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

interface WatchTargets extends Pick<SessionIndex, 'places' | 'names'> {
  machine: MachineNow;
  /** As the folders of their runs were listed: new targets, and a change in one of these folders, list them again. */
  listed?: { stamp: string; all: Candidate[] };
}

interface Known {
  paths: SessionPaths;
  /** The identity of its log, and those of all files that it was read from. */
  log: string;
  stamp: string;
  /** The identity of the file with its agent's activity. */
  now: string;
  /** Without a worker and a need of one: whatever continues it writes to its log. */
  isAtRest: boolean;
  /** Undefined if archived, or not a session. */
  session?: ShownSession;
}

async function findTargets(
  { projectDir, session, reach = 'known' }: WatchSessionsInput,
  context: ActionContext,
): Promise<WatchTargets> {
  const machine = { watching: await readWatching(context), troubles: await readTroubles(context) };
  if (session === undefined) return { ...(await sessionIndex({ projectDir, reach }, context)), machine };
  const { view, place } = await findSessionAndPlace({ session, projectDir }, context);
  return { places: [place], names: async () => [{ place, folders: [view.folder] }], machine };
}

interface ReadContext {
  targets: WatchTargets;
  /** Whether to also check what no session file shows. */
  isFullRead: boolean;
  skipsRest: boolean;
  context: ActionContext;
  signal: AbortSignal;
}

/** What has changed about a session: its files, or only what is reported about it. */
type Change = 'files' | 'report';

/** @returns what has changed; empty if nothing has */
async function readChangedSessions(
  known: Map<string, Known>,
  reading: ReadContext,
): Promise<ReadonlySet<Change | undefined>> {
  const all = await placesOfSessions(reading.targets, known);
  const keys = new Set(all.map(({ key }) => key));
  const changes = new Set<Change | undefined>();
  for (const key of [...known.keys()]) if (!keys.has(key) && known.delete(key)) changes.add('files');
  for (let from = 0; from < all.length; from += AT_ONCE) {
    reading.signal.throwIfAborted();
    const some = all
      .slice(from, from + AT_ONCE)
      .filter(({ key }) => reading.isFullRead || !isAsleep(known.get(key), reading));
    const found = await Promise.all(some.map((one) => readIfChanged(known, one, reading)));
    for (const change of found) changes.add(change);
    // Files are read synchronously: without a pause a server answers no request until all sessions are read.
    const isPauseDue = from + AT_ONCE < all.length && found.some((change) => change !== undefined);
    if (isPauseDue) await reading.context.clock.sleep(0, reading.signal);
  }
  changes.delete(undefined);
  return changes;
}

interface Candidate {
  key: string;
  paths: SessionPaths;
  place: SessionsFolder;
}

async function placesOfSessions(
  targets: WatchTargets,
  known: ReadonlyMap<string, Known>,
): Promise<Candidate[]> {
  const roots = targets.places.map(({ sessionsDir }) => orNothing(() => identityAt(runRoot(sessionsDir))));
  const stamp = roots.join(' ');
  if (targets.listed?.stamp === stamp) return targets.listed.all;
  const all = (await targets.names()).flatMap(({ place, folders }) =>
    folders.map((folder) => {
      const key = `${place.sessionsDir}${sep}${folder}`;
      return { key, paths: known.get(key)?.paths ?? sessionPaths(place.sessionsDir, folder), place };
    }),
  );
  targets.listed = { stamp, all };
  return all;
}

/** Synchronous, because it is asked about each session at each poll. */
function isAsleep(known: Known | undefined, { skipsRest }: Pick<ReadContext, 'skipsRest'>): boolean {
  return known?.isAtRest === true && (skipsRest || identityAt(known.paths.events) === known.log);
}

async function readIfChanged(
  known: Map<string, Known>,
  { key, paths, place }: Candidate,
  { targets, isFullRead, context }: ReadContext,
): Promise<Change | undefined> {
  const before = known.get(key);
  const log = identityAt(paths.events);
  const stamp = [log, identityAt(paths.commands), identityAt(paths.leases)].join(' ');
  if (before?.stamp === stamp) {
    const change = isFullRead ? await unseenChange(before, targets, context) : undefined;
    if (change !== 'files') return (await readActivityIfChanged(known, key)) ?? change;
  }
  const now = identityAt(paths.now);
  const view = await readSession(paths, context.host, context.clock);
  const isShown = view !== undefined && !view.state.archived;
  const report = isShown ? await reportOn(view, context, targets.machine) : undefined;
  const shown = before?.session;
  // Keep the same object while nothing changes: callers cache by object what they derive from it.
  if (before?.stamp === stamp && before.now === now && reportStamp(report) === reportStamp(shown))
    return undefined;
  const session = report && { ...report, projectDir: projectDirOf(place) };
  const isAtRest = log !== '' && (view === undefined || (view.worker === 'none' && !view.needsWorker));
  known.set(key, { paths, log, stamp, now, isAtRest, session });
  return 'files';
}

async function readActivityIfChanged(known: Map<string, Known>, key: string): Promise<Change | undefined> {
  const before = known.get(key);
  const shown = before?.session;
  // A session without an agent has no activity.
  if (before === undefined || shown?.view.state.openIteration === undefined) return undefined;
  const now = identityAt(before.paths.now);
  if (before.now === now) return undefined;
  const activity = await readActivity(shown.view);
  known.set(key, { ...before, now, session: { ...shown, activity } });
  return activity === shown.activity ? undefined : 'report';
}

/**
 * Detects what no session file shows: a dead worker, a silent agent, a supervisor that came or went, failing
 * channels, a session that became its user's. Stores a new report in `known`.
 */
async function unseenChange(
  known: Known,
  { machine }: WatchTargets,
  context: ActionContext,
): Promise<Change | undefined> {
  const { session: shown } = known;
  // Its folder may have been given to its user since.
  if (shown?.view.isUnreadable) return 'files';
  if (shown === undefined || !mayChangeUnseen(shown.view)) return undefined;
  const { view, projectDir, troubles } = shown;
  if (view.worker === 'unknowable') return 'files';
  if (view.worker === 'alive') {
    // The lease has not changed since it was read.
    const { owner, container } = view.lease ?? {};
    if (owner === undefined || (await livenessOf(context.host, owner, container)) !== 'alive') return 'files';
    const isSilent = view.state.openIteration?.stalledAt !== undefined;
    if (!isSilent && troubles.join() === machine.troubles.join()) return undefined;
  }
  const report = await reportOn(view, context, machine);
  if (reportStamp(report) === reportStamp(shown)) return undefined;
  known.session = { ...report, projectDir };
  return 'report';
}

/** True if its worker may still die, or its supervisor start or exit. */
function mayChangeUnseen({ state, worker, needsWorker }: SessionView): boolean {
  return worker !== 'none' || needsWorker || !hasEnded(state.status.kind);
}

/** The part of a report that no session file shows. */
function reportStamp(report: SessionReport | undefined): string {
  if (report === undefined) return '';
  const { view, worker, isDying, isStalled, unwatched, troubles } = report;
  return JSON.stringify([
    view.worker,
    view.isUnreadable,
    view.isUnseen,
    worker,
    isDying,
    isStalled,
    unwatched,
    troubles,
  ]);
}

/** The folders in which sessions appear, and the logs of sessions that may still change. */
function watchedPaths({ places }: WatchTargets, known: ReadonlyMap<string, Known>): string[] {
  const live = [...known.values()].flatMap(({ session }) => {
    if (session === undefined || !mayChangeUnseen(session.view)) return [];
    return session.view.paths.events;
  });
  return [...places.map(({ sessionsDir }) => runRoot(sessionsDir)), ...live];
}
