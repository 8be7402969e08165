import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { BASE_ERRORS } from '../kernel/base-errors.ts';
import { isoUtc } from '../kernel/clock.ts';
import { crashPoint } from '../kernel/fault-points.ts';
import { writeUnsynced } from '../kernel/files/atomic-file.ts';
import { identityAt, statsAt } from '../kernel/files/path-stats.ts';
import { plainJson } from '../kernel/files/plain-file.ts';
import { newWatcher, type WatchPath } from '../kernel/files/watcher.ts';
import { acquireLease, type OwnedLease } from '../kernel/processes/lease.ts';
import { isOlder } from '../kernel/versions.ts';
import { machineSetting } from '../project/finding/machine-setting.ts';
import { askToLeave, launchSupervisor } from '../sandbox/programs/launch-supervisor.ts';
import { LimitedPart } from './limited-part.ts';
import { NowFile } from './now-file.ts';
import { supervisorParts } from './part.ts';
import { Scan } from './scan.ts';
import { LONGEST_SCAN_GAP_MS, type Supervisor } from './supervisor.ts';

export interface RunOptions {
  signal: AbortSignal;
  /**
   * Started as a service or in a terminal: it keeps running when there is nothing to watch, and takes over from one
   * that would not.
   */
  stays?: boolean;
  watchPath?: WatchPath;
}

export type SupervisorEnd =
  | 'nothing_to_watch'
  /** Another supervisor holds the lease. */
  | 'held'
  | 'lost'
  | 'asked_to_leave'
  | 'program_replaced'
  | 'ended';

/** Minimum time between two scans, even if files change all the time. */
const SPACING_MS = 100;
/**
 * Longest wait for a file event: network disks lose some events. Bounds the cost by growing with the
 * sessions.
 */
const SCAN_MS = 10_000;
const SCAN_MS_PER_SESSION = 300;
/** The same while not all files can be watched. */
const UNREPORTED_MS = 1000;
/** A watched path costs about 35 KB of memory; edits of further files are found by scanning. */
const MAX_PATHS = 1024;

/**
 * Watches all waiting sessions until there is nothing to watch. Then it releases its lease, scans again, and takes
 * the lease again if there is work after all. One runs per identity; a second one returns at once.
 */
export async function runSupervisor(supervisor: Supervisor, options: RunOptions): Promise<SupervisorEnd> {
  const program = identityAt(supervisor.programs.supervisor);
  for (;;) {
    const lease = await takeSupervisorLease(supervisor, options);
    if (lease === undefined) return options.signal.aborted ? 'ended' : 'held';
    let end: SupervisorEnd | undefined;
    try {
      crashPoint('supervisor-has-lease');
      await rm(supervisor.paths.leave, { force: true, recursive: true });
      await writeAbout(supervisor, options).catch(() => undefined);
      end = await watch(supervisor, lease, { ...options, program });
      crashPoint('supervisor-leaves');
    } finally {
      // After a lost lease, releasing would write a number above that of the new holder.
      if (end !== 'lost') await lease.release();
    }
    crashPoint('supervisor-left');
    if (end === 'program_replaced') await launchSuccessor(supervisor);
    if (end !== 'nothing_to_watch') return end;
    // A session that parked before the release saw this supervisor and started no other.
    const scan = new Scan(supervisor);
    await scan.read();
    if (!scan.hasReason()) return end;
  }
}

async function launchSuccessor({ paths, programs, env, home }: Supervisor): Promise<void> {
  await launchSupervisor(paths, { program: programs.supervisor, env, home });
}

async function writeAbout(
  { paths, programs, clock, revives }: Supervisor,
  { stays }: RunOptions,
): Promise<void> {
  const about = {
    v: 1,
    pid: process.pid,
    version: __VERSION__,
    program: programs.supervisor,
    startedAt: isoUtc(clock.now()),
    revives,
    stays,
  };
  writeUnsynced(paths.about, `${JSON.stringify(about)}\n`, { mode: 0o600 });
}

async function watch(
  supervisor: Supervisor,
  lease: OwnedLease,
  { signal, stays = false, watchPath, program }: RunOptions & { program: string },
): Promise<SupervisorEnd> {
  const { paths, clock } = supervisor;
  const scan = new Scan(supervisor);
  const now = new NowFile(supervisor);
  const report = (what: string, error: unknown) => scan.report(what, error);
  const parts = supervisorParts.items.map((newPart) => new LimitedPart(newPart(supervisor, scan), report));
  const watcher = newWatcher({ clock, maxPaths: MAX_PATHS, watchPath });
  let reasonAtMs = clock.monotonic();
  let scanAtMs = reasonAtMs;
  let watched: readonly string[] = [];
  try {
    for (;;) {
      if (signal.aborted) return 'ended';
      // The account was removed, or the home folder is not mounted.
      if (statsAt(supervisor.home) === undefined) return 'lost';
      // Restores the lease if its folder was removed: a worker that parks must find it.
      await lease.check();
      if (await isAskedToLeave(paths.leave, stays)) return 'asked_to_leave';
      // The program is missing while an upgrade replaces it.
      const present = identityAt(supervisor.programs.supervisor);
      if (present !== '' && present !== program) return 'program_replaced';
      // A part that is due alone needs no look at the sessions.
      if (clock.monotonic() >= scanAtMs) {
        // Folders that stopped responding are no longer watched.
        const listed = await scan.list();
        watched = watchedBy(supervisor, scan);
        const isReported = watcher.watch(watched);
        const nextMs = await scan.run(listed).catch((error: unknown) => {
          scan.report('scan', error);
          return clock.monotonic() + SCAN_MS;
        });
        scanAtMs = Math.min(nextMs, clock.monotonic() + (isReported ? scanGapMs(scan) : UNREPORTED_MS));
      }
      let partsMs = Number.POSITIVE_INFINITY;
      for (const part of parts) partsMs = Math.min(partsMs, await part.poll());
      await now.write(scan).catch((error: unknown) => scan.report('now.json', error));
      const at = clock.monotonic();
      if (stays || scan.hasReason() || parts.some((part) => part.keepsAlive())) reasonAtMs = at;
      const leavesAtMs = reasonAtMs < at ? reasonAtMs + (await idleMs(supervisor)) : Number.POSITIVE_INFINITY;
      if (at >= leavesAtMs) return 'nothing_to_watch';
      await clock.sleep(SPACING_MS, signal);
      const waitMs = Math.min(scanAtMs, partsMs, leavesAtMs) - clock.monotonic();
      // Sessions that parked in the meantime are watched from now on, and scanned again.
      const isOther = !isDeepStrictEqual(watchedBy(supervisor, scan), watched);
      if (isOther || (await watcher.wait(Math.max(0, waitMs), signal))) scanAtMs = 0;
    }
  } catch (error) {
    if (signal.aborted) return 'ended';
    if (BASE_ERRORS.lease_lost.is(error)) return 'lost';
    throw error;
  } finally {
    for (const part of parts.toReversed()) await part.end();
    watcher.close();
  }
}

function scanGapMs({ sessions }: Scan): number {
  return Math.min(LONGEST_SCAN_GAP_MS, Math.max(SCAN_MS, sessions.size * SCAN_MS_PER_SESSION));
}

async function idleMs(supervisor: Supervisor): Promise<number> {
  const minutes = await machineSetting('supervisorMinutes', supervisor).catch(() => undefined);
  return (minutes ?? 10) * 60_000;
}

/** The files that wake the supervisor: its own, those that people may edit, and logs of running sessions. */
function watchedBy({ paths }: Supervisor, { sessions }: Scan): string[] {
  const ofSessions = [...sessions.values()].flatMap(({ waits, paths: { events } }) =>
    waits.for === 'edit' ? waits.files : waits.for === 'its_worker' ? [events] : [],
  );
  return [paths.bell, paths.leave, ...ofSessions];
}

/** The time that a newer program waits for the older one to leave: longer than the longest gap between two scans. */
const HANDOVER_MS = LONGEST_SCAN_GAP_MS + 30_000;
const HANDOVER_POLL_MS = 100;

/** Takes the lease, if necessary once another program has left. @returns undefined if that one keeps it */
async function takeSupervisorLease(
  { paths, clock, host }: Supervisor,
  { signal, stays = false }: RunOptions,
): Promise<OwnedLease | undefined> {
  const until = clock.monotonic() + HANDOVER_MS;
  for (let isAsked = !stays; ; isAsked = true) {
    try {
      return await acquireLease(paths.leases, { clock, host });
    } catch (error) {
      if (!BASE_ERRORS.lease_held.is(error)) throw error;
    }
    if (!isAsked) await askToLeave(paths, __VERSION__, stays);
    const isHandover = statsAt(paths.leave) !== undefined;
    if (!isHandover || clock.monotonic() > until || signal.aborted) return undefined;
    await clock.sleep(HANDOVER_POLL_MS, signal).catch(() => undefined);
  }
}

const Leave = z.looseObject({ version: z.string(), stays: z.boolean().optional() });
/**
 * Whether this program is asked to leave by a newer one, or by one of this version that stays (a service) while this
 * one does not. An older one is ignored: otherwise the two would replace each other forever.
 */
async function isAskedToLeave(path: string, stays: boolean): Promise<boolean> {
  const asked = await plainJson(path, Leave);
  if (asked === undefined) return false;
  return (
    isOlder(__VERSION__, asked.version) || (asked.stays === true && !stays && asked.version === __VERSION__)
  );
}
