import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { readTail } from '../../src/core/kernel/files/lines.ts';
import { endTree } from '../../src/core/kernel/processes/end-tree.ts';
import type { Host } from '../../src/core/kernel/processes/host.ts';
import { readHolding } from '../../src/core/kernel/processes/lease.ts';
import { isRunning, type ProcessEntry } from '../../src/core/kernel/processes/process-table.ts';
import { SESSION_MARK } from '../../src/core/sandbox/programs/marks.ts';
import { describeEvent } from '../../src/core/session/documents/describe-event.ts';
import { fold } from '../../src/core/session/events/fold.ts';
import { hasNothingPending } from '../../src/core/session/events/rest.ts';
import { emptyState, type SessionState } from '../../src/core/session/events/state.ts';
import { readSession } from '../../src/core/session/folder/read-session.ts';
import { sessionFolders } from '../../src/core/session/folder/session-list.ts';
import type { SessionView } from '../../src/core/session/folder/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { readEvents } from '../../src/core/session/log/event-log.ts';
import { readSessionFile } from '../../src/core/session/log/read-session-file.ts';
import { quickClock } from './quick-clock.ts';
import { report } from './rig-report.ts';

/** The paths of a session, and the machine that its processes run on. */
export interface SessionLocation {
  paths: SessionPaths;
  host: Host;
}

export interface UntilOptions {
  /** Milliseconds; generous, for a machine under load. */
  withinMs?: number;
  /** Iterations after this event count too, even if they are over; by default those since the first poll. */
  since?: number;
  /** Starts a worker; called about every second while one is needed and missing. */
  launch?: (() => Promise<unknown>) | undefined;
}

// Tests wait for iterations, which start and end quickly.
const POLL_MS = 25;
/** How long changes that no file shows, such as the death of a worker, stay undetected. */
const READ_EVERY_MS = 250;
/** How long a session that has ended may still change. */
const REST_MS = 15_000;
const PATIENCE_MS = 1_200_000;
/** A full disk delays projections for as long as it is full. */
const CATCH_UP_MS = 60_000;
/** Enough of the log to contain an event that has a line in session.log. */
const RECENT_EVENTS = 20;
const TAIL_BYTES = 64 * 1024;

/** With this clock, timeouts last four times as long, so that acts in tests reach a slow worker. */
export const PATIENT_CLOCK = quickClock(1 / 4);

export async function workerPidOf({ paths, host }: SessionLocation): Promise<number | undefined> {
  const holding = await readHolding(paths.leases, host);
  return holding.kind === 'held' && holding.liveness === 'alive' ? holding.lease.owner.pid : undefined;
}

/** Kills the worker as a crash would. @returns its pid; undefined if none runs */
export async function killWorkerOf(session: SessionLocation): Promise<number | undefined> {
  const pid = await workerPidOf(session);
  if (pid === process.pid) throw new Error('The worker is this process.');
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  while (pid !== undefined && isRunning(await session.host.processes.read(pid))) await systemClock.sleep(10);
  return pid;
}

/** The processes with the marker of the session `id`. */
export async function processesOf(host: Host, id: string): Promise<ProcessEntry[]> {
  const all = (await host.processes.list()).filter(isRunning);
  const marks = await Promise.all(all.map(({ pid }) => host.processes.environmentOf(pid, SESSION_MARK)));
  return all.filter((_, index) => marks[index] === id);
}

/** Ends the worker and every process with the session's marker. */
export async function endSession(session: SessionLocation, id: string | undefined): Promise<void> {
  const { host } = session;
  // A worker that is just starting holds the lease a moment later.
  while ((await killWorkerOf(session)) !== undefined);
  if (id === undefined) return;
  for (const value of [id, `${id}-base`])
    await endTree(undefined, { name: SESSION_MARK, value }, { host, clock: systemClock, graceMs: 0 });
  while ((await killWorkerOf(session)) !== undefined);
}

/** The same for every session of a project, even one that never started. */
export async function endSessionsBelow(sessionsDir: string, host: Host): Promise<void> {
  for (const folder of await sessionFolders(sessionsDir)) {
    const paths = sessionPaths(sessionsDir, folder);
    const file = await readSessionFile(paths).catch(() => undefined);
    await endSession({ paths, host }, file?.id);
  }
}

/**
 * Waits until a state is reached and the files match it: the worker writes them right after the event.
 * @throws with what the session was doing if it was never reached
 */
export async function untilState(
  session: SessionLocation,
  holds: (state: SessionState) => boolean,
  { withinMs = PATIENCE_MS, launch, since }: UntilOptions = {},
): Promise<SessionState> {
  const { paths, host } = session;
  const end = Date.now() + withinMs;
  let seen = since;
  const quiet = quietSince(paths);
  for (let launchedAt = 0, atRestSince = Number.POSITIVE_INFINITY; ; await systemClock.sleep(POLL_MS)) {
    if (quiet()) continue;
    const now = await readSession(paths, host).catch(() => undefined);
    const held = now && (holds(now.state) ? now.state : await passedBy(now, holds, seen));
    if (held) {
      await caughtUp({ ...now, state: held }, host);
      return held;
    }
    seen = now?.state.n ?? seen;
    atRestSince =
      now && hasNothingPending(now) ? Math.min(atRestSince, Date.now()) : Number.POSITIVE_INFINITY;
    if (Date.now() > end || Date.now() > atRestSince + REST_MS)
      throw new Error(`The state was not reached. ${await report(now, paths)}`);
    if (launch && now?.needsWorker && Date.now() - launchedAt > 1000) {
      launchedAt = Date.now();
      await launch();
    }
  }
}

/** Tells whether the files are the same as at the last poll, which is not long ago: a full read is expensive. */
function quietSince(paths: SessionPaths): () => boolean {
  let shown = '';
  let readAt = 0;
  return () => {
    const now = quickFingerprint(paths);
    if (now === shown && Date.now() < readAt + READ_EVERY_MS) return true;
    shown = now;
    readAt = Date.now();
    return false;
  };
}

function quickFingerprint({ events, leases, commands, sessionLog }: SessionPaths): string {
  const held = namesIn(leases).map((name) => join(leases, name));
  const sizes = [events, sessionLog, ...held].map((path) => sizeOf(path));
  return [...sizes, ...namesIn(commands)].join();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
}

/** An iteration after event `seen` that matched and is over: it may start and end between two polls. */
async function passedBy(
  { paths, state }: SessionView,
  holds: (state: SessionState) => boolean,
  seen = state.n,
): Promise<SessionState | undefined> {
  if (state.n === seen) return undefined;
  let past = emptyState();
  for (const event of await readEvents(paths, 0)) {
    past = fold(past, event);
    if (past.n > seen && past.n < state.n && past.openIteration && holds(past)) return past;
  }
  return undefined;
}

/** Waits until the files match all events so far. */
export async function untilWritten({ paths, host }: SessionLocation): Promise<void> {
  const now = await readSession(paths, host).catch(() => undefined);
  if (now) await caughtUp(now, host);
}

/** Without a worker; only a short limit keeps one running. */
const LEFT: ReadonlySet<string> = new Set(['waiting', 'blocked', 'queued', 'stopped', 'done']);

/** A dead worker updates nothing, and files that a worker cannot write are not waited for forever. */
async function caughtUp(held: SessionView, host: Host): Promise<void> {
  const { paths } = held;
  let now: SessionView | undefined = held;
  const quiet = quietSince(paths);
  for (const end = Date.now() + CATCH_UP_MS; Date.now() < end; ) {
    if (now?.worker !== 'alive') return;
    // Its worker is about to leave, and records that too.
    if (!LEFT.has(now.state.status.kind) && (await showsUpTo(paths, held.state.n))) return;
    while (quiet()) await systemClock.sleep(POLL_MS);
    now = await readSession(paths, host).catch(() => undefined);
  }
}

/** session.log is written last, and its lines carry the numbers of their events. */
async function showsUpTo(paths: SessionPaths, n: number): Promise<boolean> {
  const events = await readEvents(paths, Math.max(0, n - RECENT_EVENTS));
  const newest = events.findLast((event) => event.n <= n && describeEvent(event) !== undefined);
  if (newest === undefined) return true;
  const shown = [...readTail(paths.sessionLog, TAIL_BYTES).matchAll(/\(#(\d+)\)$/gm)];
  return shown.some(([, number]) => Number(number) >= newest.n);
}
