import { REVIVAL_LIMIT, recentRevivals } from '../caller/facts/recent-revivals.ts';
import type { Clock } from '../kernel/clock.ts';
import { identityAt } from '../kernel/files/path-stats.ts';
import { KEPT_ASKS_MS } from '../kernel/phases/usage-windows.ts';
import { runningEntry } from '../kernel/processes/host.ts';
import { isElsewhere } from '../kernel/processes/lease.ts';
import { isRunning } from '../kernel/processes/process-table.ts';
import { isInBase } from '../project/finishing/base-branch.ts';
import type { StartConditions } from '../session/events/bodies/positions.ts';
import type { SessionView } from '../session/folder/session-view.ts';
import type { SessionPaths } from '../session/layout/paths.ts';
import { limitWait } from '../session/waits/limit-wait.ts';
import { type NextWake, nextWake, readFilesNow, type Waits, waitsFor } from '../session/waits/next-wake.ts';
import { branchBefore, withMerged } from '../session/waits/start-order.ts';
import type { Supervisor } from './supervisor.ts';

/** Delays before a second start for the same reason, and before each further one. */
const SECOND_MS = 2000;
const FURTHER_MS = 10_000;
/** A file whose size and times have not changed is read again after this time. */
const READ_AGAIN_MS = 10 * 60_000;
/** A worker that has not taken its lease within this time has failed to start. */
const STARTING_MS = 15_000;
/** The interval at which git is asked whether a branch is merged. */
const MERGED_MS = 30_000;

/** What is due for a session, or the latest time of the next check (monotonic milliseconds). */
export type NextAct =
  /** A worker to start; for a session that waits for its turn, once a slot is free. */
  { kind: 'start'; wake: NextWake } | { kind: 'later'; atMs: number };

/** The starts of workers for the same reason. */
interface Starts {
  reason: string;
  times: number;
  firstMs: number;
  lastMs: number;
  pid: number | undefined;
  /** The newest lease before the last start. */
  lease: number;
}

/** The supervisor's memory of one session between two scans. */
export class WatchedSession {
  /** The place at which its folder was found; `view.paths` has the current paths of its files. */
  readonly place: SessionPaths;
  view: SessionView;
  waits: Waits;
  /** Its workers keep dying or never start: no more are started for the same reason. */
  isDying = false;
  /** Milliseconds from the last look until its wait ends without a person; infinite if it does not, or a worker has it. */
  comesInMs = Number.POSITIVE_INFINITY;
  #stamp: string;
  #sinceMs: number;
  #limit: { until: number; leftMs(): number } | undefined;
  /** Whether the branch whose merge is awaited is merged, and when to ask again. */
  #merged: { key: string; isIn: boolean; againAtMs: number } | undefined;
  /** Typed answers, and since when they have not changed. */
  #typed: { fileHash: string; sinceMs: number } | undefined;
  /** The files as they were read, and when to read them again although they have not changed. */
  #read: { id: string; againMs: number } | undefined;
  #starts: Starts | undefined;
  /** How often its workers had died when it was first to be started for this reason. */
  #revivals: { reason: string; count: number } | undefined;

  constructor(place: SessionPaths, view: SessionView, stamp: string, { identity, clock }: Supervisor) {
    this.place = place;
    this.view = view;
    this.waits = waitsFor(view, identity);
    this.#stamp = stamp;
    this.#sinceMs = clock.monotonic();
  }

  get paths(): SessionPaths {
    return this.view.paths;
  }

  /** Whether its files or its worker have changed since the last scan; cheap. */
  async hasChanged({ host }: Pick<Supervisor, 'host'>, stamp: string): Promise<boolean> {
    // A read that failed might succeed next time although the file has not changed.
    if (!this.#stamp.startsWith(stamp) || this.view.isUnreadable) return true;
    if (this.waits.for !== 'its_worker') return false;
    const owner = this.view.lease?.owner;
    return owner === undefined || (await runningEntry(host, owner)) === undefined;
  }

  update(view: SessionView, stamp: string, { identity, clock }: Supervisor): void {
    const before = this.waits;
    this.view = view;
    this.waits = waitsFor(view, identity);
    if (this.waits.for !== before.for) this.#sinceMs = clock.monotonic();
    this.#stamp = stamp;
    this.#read = undefined;
    this.#revivals = undefined;
    this.isDying = false;
    // A worker whose session went to another machine of the pool has not died.
    if (view.lease !== undefined && isElsewhere(view.lease)) this.#starts = undefined;
  }

  /** Starts nothing. @param others reads the sessions of its SESSIONS folder */
  async due(supervisor: Supervisor, others: () => SessionView[]): Promise<NextAct> {
    const { clock, revives } = supervisor;
    const { waits, view } = this;
    const { state, sessionFile: session } = view;
    const now = clock.monotonic();
    if (await this.isStarting(supervisor)) return later(now + 1000);
    this.comesInMs = Number.POSITIVE_INFINITY;
    if (session === undefined || (waits.for === 'revival' && !revives))
      return later(Number.POSITIVE_INFINITY);
    const id = waits.for === 'edit' ? waits.files.map(idAt).join(' ') : undefined;
    if (this.#read !== undefined && this.#read.id === id && now < this.#read.againMs)
      return later(this.#read.againMs);
    const order = 'order' in waits ? waits.order : undefined;
    const typed = this.#typed;
    this.#typed = undefined;
    const wake = nextWake(
      waits,
      {
        ...{ state, session, files: await readFilesNow(waits, state) },
        others: order === undefined ? [] : this.#withMerged(order, others(), supervisor),
      },
      {
        atMs: clock.now(),
        limitLeftMs: this.#limitLeftMs(clock),
        waitedMs: now - this.#sinceMs,
        restedMs: (fileHash) => {
          // The time starts again whenever the file changes.
          this.#typed = typed?.fileHash === fileHash ? typed : { fileHash, sinceMs: now };
          return now - this.#typed.sinceMs;
        },
      },
    );
    this.#read = undefined;
    if (wake.kind !== 'not_yet') {
      const act = await this.#start(wake, supervisor);
      this.comesInMs = act.kind === 'start' ? 0 : act.atMs - now;
      return act;
    }
    if (waits.for !== 'its_worker') this.comesInMs = wake.leftMs;
    const seenMs = id !== undefined ? READ_AGAIN_MS : this.#merged ? MERGED_MS : Number.POSITIVE_INFINITY;
    const againMs = now + Math.min(wake.leftMs, seenMs);
    // The state of other sessions is judged again in each scan.
    if (id !== undefined && order === undefined) this.#read = { id, againMs };
    return later(againMs);
  }

  /** Records that a worker was started, or could not be. */
  started(wake: NextWake, pid: number | undefined, clock: Clock): void {
    const reason = JSON.stringify(wake);
    const lastMs = clock.monotonic();
    const { times, firstMs } = this.#startsFor(reason, lastMs) ?? { times: 0, firstMs: lastMs };
    const lease = this.view.lease?.number ?? 0;
    this.#starts = { reason, times: times + 1, firstMs, lastMs, pid, lease };
  }

  async isStarting({ clock, host }: Supervisor): Promise<boolean> {
    const last = this.#starts;
    if (last?.pid === undefined || (this.view.lease?.number ?? 0) > last.lease) return false;
    if (clock.monotonic() - last.lastMs > STARTING_MS) return false;
    return isRunning(await host.processes.read(last.pid));
  }

  #limitLeftMs(clock: Clock): number | undefined {
    const { status } = this.view.state;
    if (status.kind !== 'limited') return undefined;
    if (this.#limit?.until !== status.until)
      this.#limit = { until: status.until, ...limitWait(status, clock) };
    // A figure may have fallen, so a worker asks again. It may have come and gone between two scans.
    const askedMs = Math.max(this.#sinceMs, this.#starts?.lastMs ?? 0);
    const asksMs = askedMs + KEPT_ASKS_MS - clock.monotonic();
    return status.kept === undefined ? this.#limit.leftMs() : Math.min(this.#limit.leftMs(), asksMs);
  }

  /** The same sessions, with git's last result. git runs in the background, so a slow disk delays no other session. */
  #withMerged(
    order: StartConditions,
    views: readonly SessionView[],
    { clock, env }: Supervisor,
  ): readonly SessionView[] {
    const branch = branchBefore(order, views);
    const key = JSON.stringify(branch);
    if (this.#merged?.key !== key) this.#merged = branch && { key, isIn: false, againAtMs: 0 };
    const merged = this.#merged;
    if (branch === undefined || merged === undefined) return views;
    if (clock.monotonic() >= merged.againAtMs) {
      merged.againAtMs = clock.monotonic() + MERGED_MS;
      // It rejects only for a fault of ours, which the next question repeats.
      void isInBase(branch, env).then(
        (isIn) => Object.assign(merged, { isIn }),
        () => undefined,
      );
    }
    return merged.isIn ? withMerged(order, views) : views;
  }

  /**
   * Repeats a start for the same reason with a growing delay, and a limited number of times. A turn can
   * legitimately fail, because another session took the slot, so it is limited only if its workers die.
   */
  async #start(wake: NextWake, { clock }: Supervisor): Promise<NextAct> {
    const now = clock.monotonic();
    const { withinMs, times } = REVIVAL_LIMIT;
    const reason = JSON.stringify(wake);
    if (this.#revivals?.reason !== reason)
      this.#revivals = { reason, count: await recentRevivals(this.view, { clock }) };
    const isGivenUp = this.#revivals.count >= times;
    const starts = this.#startsFor(reason, now);
    // Workers that never take a lease leave no trace.
    const neverStart = starts !== undefined && starts.times >= times && wake.kind !== 'turn';
    this.isDying = isGivenUp || neverStart;
    if (isGivenUp) return later(Number.POSITIVE_INFINITY);
    if (neverStart) return later(starts.firstMs + withinMs);
    const dueAtMs = starts === undefined ? now : starts.lastMs + (starts.times > 1 ? FURTHER_MS : SECOND_MS);
    return now < dueAtMs ? later(dueAtMs) : { kind: 'start', wake };
  }

  #startsFor(reason: string, now: number): Starts | undefined {
    const starts = this.#starts;
    return starts?.reason === reason && now < starts.firstMs + REVIVAL_LIMIT.withinMs ? starts : undefined;
  }
}

/** Identifies the state of a session's files with a few stat calls; one that is over changes only by these two. */
export function filesStamp(paths: SessionPaths, isOver = false): string {
  const { events, commands, leases, sessionFile, runDir } = paths;
  return [events, commands, ...(isOver ? [] : [leases, sessionFile, runDir])]
    .map((path) => `${idAt(path)} `)
    .join('');
}

function idAt(path: string): string {
  try {
    return identityAt(path);
  } catch {
    return 'unreadable';
  }
}

function later(atMs: number): NextAct {
  return { kind: 'later', atMs };
}
