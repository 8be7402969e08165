import { systemErrorCode } from '../../kernel/errors.ts';
import { readTail } from '../../kernel/files/lines.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { newWatcher } from '../../kernel/files/watcher.ts';
import { isRunning, type ProcessEntry } from '../../kernel/processes/process-table.ts';
import { saidBy } from '../../kernel/said.ts';
import { type LaunchReason, launchWorker } from '../../sandbox/programs/launch-worker.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import { readSession } from '../../session/folder/read-session.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import type { ActionContext } from '../context/context.ts';
import type { WorkerStartFailure } from '../errors/unstarted-worker.ts';

/** On a busy machine the start of a program can take minutes; a longer one is given up. */
export const START_LIMIT_MS = 5 * 60_000;
/** After a worker has recorded its start, or has exited without a word: another one may be taking the session. */
export const STARTED_PATIENCE_MS = 15_000;
/** The most between two looks; where the system reports changes, an event is noticed at once. */
const LOOK_MS = { often: 100, seldom: 500 };
/** More workers than one would only slow down one that is slow to start. */
const RELAUNCH_MS = 1000;
const TICKS_PER_SECOND = 100;
const MAX_PRINTED_BYTES = 64 * 1024;

/** How far a launched worker got; undefined once it has recorded its start in the event log. */
export type LaunchedWorker = () => Promise<WorkerStartFailure | undefined>;

export async function launchedWorker(
  paths: Pick<SessionPaths, 'sessionsDir' | 'folder' | 'runDir' | 'sessionFile' | 'workerErrors' | 'events'>,
  { clock, env, host, programs }: Pick<ActionContext, 'clock' | 'env' | 'host' | 'programs'>,
  wake?: LaunchReason,
): Promise<LaunchedWorker> {
  const begunMs = clock.monotonic();
  const before = { printed: sizeOf(paths.workerErrors), log: sizeOf(paths.events) };
  const pid = await launchWorker(paths, { program: programs.worker, env, wake }).catch((error: unknown) => {
    // The disk may refuse its log: whatever it was to do stays queued, as if it had met that itself.
    if (systemErrorCode(error) === undefined) throw error;
    return saidBy(String(error), env);
  });
  if (typeof pid === 'string') return async () => ({ kind: 'exited', said: pid });
  let seen: ProcessEntry | undefined;
  let busyMs = begunMs;
  return async () => {
    const entry = pid === undefined ? undefined : await host.processes.read(pid);
    const isOurs = isRunning(entry) && (seen === undefined || seen.startTicks === entry.startTicks);
    const nowMs = clock.monotonic();
    if (isOurs && entry.cpuTicks !== seen?.cpuTicks) busyMs = nowMs;
    if (isOurs) seen = entry;
    // Read last: a worker may exit right after its first event.
    if (sizeOf(paths.events) > before.log) return undefined;
    if (!isOurs) return { kind: 'exited', said: saidSince(paths.workerErrors, before.printed, env) };
    return {
      kind: 'starting',
      pid: entry.pid,
      seconds: Math.round((nowMs - begunMs) / 1000),
      cpuSeconds: entry.cpuTicks / TICKS_PER_SECOND,
      idleSeconds: Math.round((nowMs - busyMs) / 1000),
      isStopped: entry.state === 'T',
    };
  };
}

/** What a worker printed before it exited; empty if it printed nothing. */
function saidSince(path: string, size: number, env: ActionContext['env']): string {
  const bytes = Math.min(sizeOf(path) - size, MAX_PRINTED_BYTES);
  const text = bytes > 0 ? readTail(path, bytes) : '';
  return saidBy(ERROR_LINE.exec(text)?.[1] ?? text, env);
}

/** The line that names an error, without its stack: as our worker prints it, or node. */
const ERROR_LINE = /^(?:\S+ worker \d+ ended: )?([A-Za-z][\w.]*(?: \[\w+\])?: .+)$/m;

function sizeOf(path: string): number {
  return statsAt(path)?.size ?? 0;
}

export interface WorkerWait<Found> {
  /** Number of the last event that does not count. */
  after: number;
  find(events: readonly SessionEvent[]): Found | undefined;
  isOver(look: WorkerLook): boolean;
  limitMs: number;
  /** For how long no worker is launched. */
  restMs?: number;
  mostLaunches?: number;
  /** For the first worker that is launched. */
  wake?: LaunchReason | undefined;
  /** One that is launched already. */
  start?: LaunchedWorker;
}

export interface WorkerLook {
  waitedMs: number;
  /** How long of that no worker was starting; 0 while one is. */
  idleMs: number;
  /** Workers that were launched for this wait. */
  launches: number;
  /** Whether the session needs a worker, and none is starting. */
  isNeeded: boolean;
  /** The last one that was launched, unless it has recorded its start. */
  unstarted: WorkerStartFailure | undefined;
}

/**
 * Waits for what a worker does, and launches one whenever the session needs it: one that is exiting might miss a command,
 * and there may be no supervisor.
 * @returns what was found, with all events up to then; undefined once the wait is over
 */
export async function untilWorker<Found>(
  paths: SessionPaths,
  { after, find, isOver, limitMs, restMs = 0, mostLaunches = Infinity, wake, start }: WorkerWait<Found>,
  context: ActionContext,
): Promise<WorkerLook & { found: Found | undefined; events: SessionEvent[] }> {
  const { clock, host } = context;
  const begun = clock.monotonic();
  const watcher = newWatcher({ clock });
  try {
    for (let [last, lastMs, startingMs, launches, againAtMs] = [start, 0, 0, 0, restMs]; ; ) {
      const isReported = watcher.watch([paths.events]);
      const unstarted = await last?.();
      // Read after it: a worker may exit right after its last event.
      const events = await readEvents(paths, after);
      const found = find(events);
      const waitedMs = clock.monotonic() - begun;
      const isStarting = unstarted?.kind === 'starting';
      if (isStarting) startingMs += waitedMs - lastMs;
      lastMs = waitedMs;
      const idleMs = isStarting ? 0 : waitedMs - startingMs;
      const mayLaunch = found === undefined && !isStarting && waitedMs >= restMs;
      const isNeeded = mayLaunch && (await readSession(paths, host))?.needsWorker === true;
      const look = { waitedMs, idleMs, launches, isNeeded, unstarted };
      if (found !== undefined || waitedMs >= limitMs || isOver(look)) return { ...look, found, events };
      if (isNeeded && launches < mostLaunches && waitedMs >= againAtMs) {
        last = await launchedWorker(paths, context, launches === 0 ? wake : undefined);
        launches += 1;
        againAtMs = waitedMs + RELAUNCH_MS;
      }
      const pauseMs = isReported && last === undefined ? LOOK_MS.seldom : LOOK_MS.often;
      await watcher.wait(Math.min(pauseMs, limitMs - waitedMs));
    }
  } finally {
    watcher.close();
  }
}

/** Whether it exited and said why, so that the next one would say the same. */
export function hasFailed(worker: WorkerStartFailure | undefined): boolean {
  return worker?.kind === 'exited' && worker.said !== '';
}
