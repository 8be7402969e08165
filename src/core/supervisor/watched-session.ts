import { REVIVAL_LIMIT, recentRevivals } from '../caller/facts/recent-revivals.ts';
import type { Clock } from '../kernel/clock.ts';
import { fingerprint } from '../kernel/files/fingerprint.ts';
import { identityAt } from '../kernel/files/path-stats.ts';
import { KEPT_ASKS_MS } from '../kernel/phases/usage-windows.ts';
import { runningEntry } from '../kernel/processes/host.ts';
import { isElsewhere } from '../kernel/processes/lease.ts';
import { isRunning } from '../kernel/processes/process-table.ts';
import { isInBase } from '../project/finishing/base-branch.ts';
import type { LaunchReason } from '../sandbox/programs/launch-worker.ts';
import type { StartOrder } from '../session/events/bodies/positions.ts';
import type { SessionView } from '../session/folder/session-view.ts';
import type { SessionPaths } from '../session/layout/paths.ts';
import {
  awaitedPaths,
  type Due,
  type DueOf,
  dueOf,
  readFilesNow,
  typingRestMs,
} from '../session/waits/due.ts';
import { limitWait } from '../session/waits/limit-wait.ts';
import { branchBefore, openOrder, withMerged } from '../session/waits/start-order.ts';
import type { Supervisor } from './supervisor.ts';
import { type Waits, waitsFor } from './waits-for.ts';

/** The time that the sender of a command has to start a worker. */
const COMMAND_MS = 2000;
/** Delays between two starts for the same reason. */
const BACK_OFF_MS = [0, 2000, 10_000];
/** A file whose size and times have not changed is read again after this time. */
const READ_AGAIN_MS = 10 * 60_000;
/** A worker that has not taken its lease within this time has failed to start. */
const STARTING_MS = 15_000;
const KEPT_STARTS = 10;
/** The interval at which git is asked whether a branch is merged. */
const MERGED_MS = 30_000;

/** The act that is due for a session, or the latest time of the next check (monotonic milliseconds). */
export type NextAct =
  /** A worker to start; for a session that waits for its turn, once a slot is free. */
  { kind: 'start'; wake: LaunchReason; evidence: string } | { kind: 'later'; atMs: number };

interface Start {
  atMs: number;
  evidence: string;
  pid: number | undefined;
  /** The newest lease before this start. */
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
  #print: string;
  #sinceMs: number;
  #limit: { until: number; leftMs(): number } | undefined;
  /** Whether the branch whose merge is awaited is merged, and when to ask again. */
  #merged: { key: string; isIn: boolean; againAtMs: number } | undefined;
  /** Typed answers, and when they count unless the file changes before then. */
  #resting: { fileHash: string; sinceMs: number; dueAtMs: number } | undefined;
  #read: { id: string; atMs: number } | undefined;
  #givenUp: string | undefined;
  #starts: Start[] = [];

  constructor(place: SessionPaths, view: SessionView, print: string, { identity, clock }: Supervisor) {
    this.place = place;
    this.view = view;
    this.waits = waitsFor(view, identity);
    this.#print = print;
    this.#sinceMs = clock.monotonic();
  }

  get paths(): SessionPaths {
    return this.view.paths;
  }

  /** Whether its files or its worker have changed since the last scan; cheap. */
  async hasChanged({ host }: Pick<Supervisor, 'host'>, print: string): Promise<boolean> {
    // A read that failed might succeed next time although the file has not changed.
    if (print !== this.#print || this.view.isUnreadable) return true;
    if (this.waits.for !== 'its_worker') return false;
    const owner = this.view.lease?.owner;
    return owner === undefined || (await runningEntry(host, owner)) === undefined;
  }

  update(view: SessionView, print: string, { identity, clock }: Supervisor): void {
    const before = this.waits;
    this.view = view;
    this.waits = waitsFor(view, identity);
    if (this.waits.for !== before.for) this.#sinceMs = clock.monotonic();
    this.#print = print;
    this.#read = undefined;
    this.#givenUp = undefined;
    this.isDying = false;
    // A worker whose session went to another machine of the pool has not died.
    if (view.lease !== undefined && isElsewhere(view.lease)) this.#starts = [];
  }

  /** Starts nothing. @param others reads the sessions of its SESSIONS folder */
  async due(supervisor: Supervisor, others: () => SessionView[]): Promise<NextAct> {
    const { clock, revives } = supervisor;
    const now = clock.monotonic();
    if (await this.isStarting(supervisor)) return later(now + 1000);
    switch (this.waits.for) {
      case 'nothing':
      case 'pull_request':
      case 'person':
        return later(Number.POSITIVE_INFINITY);
      case 'its_worker':
        return later(now + 1000);
      case 'commands': {
        const dueAtMs = this.#sinceMs + COMMAND_MS;
        if (now < dueAtMs) return later(dueAtMs);
        return await this.#start({}, `commands ${this.view.pendingCommands.join(' ')}`, supervisor);
      }
      case 'turn':
        return await this.#start({}, 'turn', supervisor);
      case 'limit':
      case 'order':
      case 'edit':
        return await this.#dueOfWait(supervisor, others);
      case 'revival':
        if (!revives) return later(Number.POSITIVE_INFINITY);
        return await this.#start({}, 'revival', supervisor);
      default:
        return this.waits satisfies never;
    }
  }

  /** Records that a worker was started, or could not be. */
  started(evidence: string, pid: number | undefined, clock: Clock): void {
    const lease = this.view.lease?.number ?? 0;
    const start = { atMs: clock.monotonic(), evidence, pid, lease };
    this.#starts = [...this.#starts.slice(1 - KEPT_STARTS), start];
  }

  async isStarting({ clock, host }: Supervisor): Promise<boolean> {
    const last = this.#starts.at(-1);
    if (last?.pid === undefined || (this.view.lease?.number ?? 0) > last.lease) return false;
    if (clock.monotonic() - last.atMs > STARTING_MS) return false;
    return isRunning(await host.processes.read(last.pid));
  }

  async #dueOfWait(supervisor: Supervisor, others: () => SessionView[]): Promise<NextAct> {
    const { clock } = supervisor;
    const now = clock.monotonic();
    const files = awaitedPaths(this.view);
    const id = files.map(idAt).join(' ');
    const againAtMs = this.#read?.id === id ? this.#read.atMs + READ_AGAIN_MS : now;
    const readAtMs = Math.min(againAtMs, this.#resting?.dueAtMs ?? againAtMs);
    if (now < readAtMs) return later(readAtMs);
    const { state, sessionFile } = this.view;
    if (sessionFile === undefined) return later(Number.POSITIVE_INFINITY);
    const { status } = state;
    const order = openOrder(state, status.kind === 'queued' ? status.order : sessionFile.order);
    const filesNow = await readFilesNow({ ...sessionFile, order }, this.view);
    const views = order === undefined ? [] : this.#withMerged(order, others(), supervisor);
    const due = dueOf(state, filesNow, views, { atMs: clock.now(), limitLeftMs: this.#limitLeftMs(clock) });
    // The state of other sessions is judged again in each scan.
    this.#read = order === undefined && files.length > 0 ? { id, atMs: now } : undefined;
    this.#resting = due.kind === 'answers' ? this.#rests(due, now) : undefined;
    if (this.#resting !== undefined && now < this.#resting.dueAtMs) return later(this.#resting.dueAtMs);
    const seenMs =
      files.length > 0 ? READ_AGAIN_MS : ((this.#merged && MERGED_MS) ?? Number.POSITIVE_INFINITY);
    if (due.kind === 'not_yet') return later(now + Math.min(due.leftMs, seenMs));
    this.#read = undefined;
    return await this.#start(wakeFor(due), `${due.kind} ${fingerprint(JSON.stringify(due))}`, supervisor);
  }

  /** The time starts again whenever the file changes. */
  #rests(due: DueOf<'answers'>, now: number) {
    const { fileHash } = due;
    const before = this.#resting;
    const sinceMs = before?.fileHash === fileHash ? before.sinceMs : now;
    return { fileHash, sinceMs, dueAtMs: sinceMs + typingRestMs(due, this.view.sessionFile?.settings) };
  }

  #limitLeftMs(clock: Clock): number | undefined {
    const { status } = this.view.state;
    if (status.kind !== 'limited') return undefined;
    if (this.#limit?.until !== status.until)
      this.#limit = { until: status.until, ...limitWait(status, clock) };
    // A figure may have fallen, so a worker asks again. It may have come and gone between two scans.
    const askedMs = Math.max(this.#sinceMs, this.#starts.at(-1)?.atMs ?? 0);
    const asksMs = askedMs + KEPT_ASKS_MS - clock.monotonic();
    return status.kept === undefined ? this.#limit.leftMs() : Math.min(this.#limit.leftMs(), asksMs);
  }

  /** The same sessions, with git's last result. git runs in the background, so a slow disk delays no other session. */
  #withMerged(
    order: StartOrder,
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
  async #start(wake: LaunchReason, evidence: string, { clock }: Supervisor): Promise<NextAct> {
    if (this.#givenUp === evidence) return later(Number.POSITIVE_INFINITY);
    const now = clock.monotonic();
    const { withinMs, times } = REVIVAL_LIMIT;
    const tries = this.#starts.filter((start) => start.evidence === evidence && start.atMs > now - withinMs);
    const [first] = tries;
    if (first !== undefined && tries.length >= times && evidence !== 'turn') {
      this.isDying = true;
      return later(first.atMs + withinMs);
    }
    const waitMs = BACK_OFF_MS[Math.min(tries.length, BACK_OFF_MS.length - 1)] ?? 0;
    const dueAtMs = (tries.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY) + waitMs;
    if (now < dueAtMs) return later(dueAtMs);
    if ((await recentRevivals(this.view, { clock })) >= times) {
      this.#givenUp = evidence;
      this.isDying = true;
      return later(Number.POSITIVE_INFINITY);
    }
    this.isDying = false;
    return { kind: 'start', wake, evidence };
  }
}

/** Identifies the state of a session's files with a few stat calls. */
export function filesStamp({ events, leases, commands, sessionFile, runDir }: SessionPaths): string {
  return [events, leases, commands, sessionFile, runDir].map(idAt).join(' ');
}

function idAt(path: string): string {
  try {
    return identityAt(path);
  } catch {
    return 'unreadable';
  }
}

/** The facts passed to a new worker: only those that it cannot read itself. */
function wakeFor(due: Due): LaunchReason {
  if (due.kind === 'answers') return { rested: due.fileHash };
  return due.kind === 'limit' ? { limitOver: due.until } : {};
}

function later(atMs: number): NextAct {
  return { kind: 'later', atMs };
}
