import { REVIVAL_LIMIT } from '../actions/revival-limit.ts';
import { recentRevivals } from '../actions/revive.ts';
import type { Clock } from '../base/clock.ts';
import { statsAt } from '../base/look-at.ts';
import { fileId } from '../base/plain-file.ts';
import { isRunning } from '../base/process-table.ts';
import type { Wake } from '../providers/starting/launch-worker.ts';
import { limitWait } from '../session/limit-wait.ts';
import type { SessionPaths } from '../session/paths.ts';
import type { SessionView } from '../session/status.ts';
import type { RestingFile } from '../session/typed-answers.ts';
import { readEdit } from './edits.ts';
import type { Supervisor } from './supervisor.ts';
import { type Waits, waitsFor } from './waits-for.ts';

/** A sender starts the worker of a session that has none; it has this long. */
const COMMAND_MS = 2000;
/** Before the second and the third start of a worker that has died. */
const BACK_OFF_MS = [0, 2000, 10_000];
/** A reason that brought nothing is tried again after this. */
const SAME_REASON_MS = 60_000;
/** Changes of a file that left its size and times as they were are found within this. */
const READ_AGAIN_MS = 60_000;
/** A worker that was started takes its lease within this, or is counted as one that died. */
const STARTING_MS = 15_000;

/** What is to be done about a session now, or when to look again at the latest (monotonic milliseconds). */
export type Due =
  | { kind: 'start'; wake: Wake; evidence: string }
  | { kind: 'turn' }
  | { kind: 'later'; atMs: number };

/** One session as the supervisor remembers it between two looks. */
export class WatchedSession {
  readonly paths: SessionPaths;
  view: SessionView;
  waits: Waits;
  /** Its workers die again and again: no further one is started. */
  isDying = false;
  #print: string;
  #limit: { until: number; leftMs(): number } | undefined;
  #resting: RestingFile | undefined;
  #read: { id: string; atMs: number } | undefined;
  #commandsSinceMs: number | undefined;
  #starts: { atMs: number; evidence: string; pid: number | undefined; lease: number }[] = [];

  constructor(view: SessionView, waits: Waits, print: string) {
    this.paths = view.paths;
    this.view = view;
    this.waits = waits;
    this.#print = print;
  }

  /** Whether its files or its worker have changed since the last look; cheap. */
  async hasChanged({ host }: Pick<Supervisor, 'host'>, print: string): Promise<boolean> {
    if (print !== this.#print) return true;
    if (this.waits.for !== 'its_worker') return false;
    const pid = this.view.lease?.owner.pid;
    return pid === undefined || !isRunning(await host.processes.read(pid));
  }

  update(view: SessionView, print: string, { identity, host }: Pick<Supervisor, 'identity' | 'host'>): void {
    const before = this.waits;
    this.view = view;
    this.waits = waitsFor(view, identity, host);
    this.#print = print;
    this.#read = undefined;
    if (this.waits.for !== 'revival') this.isDying = false;
    if (this.waits.for !== before.for) this.#commandsSinceMs = undefined;
  }

  /** What is due now. Starts nothing. */
  async due(supervisor: Supervisor): Promise<Due> {
    const { clock } = supervisor;
    const now = clock.monotonic();
    const isStarting = await this.#isStarting(supervisor);
    if (isStarting) return later(now + 1000);
    switch (this.waits.for) {
      case 'nothing':
      case 'person':
        return later(Number.POSITIVE_INFINITY);
      case 'its_worker':
        return later(now + 1000);
      case 'commands': {
        this.#commandsSinceMs ??= now;
        const dueAtMs = this.#commandsSinceMs + COMMAND_MS;
        const evidence = `commands ${this.view.pendingCommands.join(' ')}`;
        return now < dueAtMs ? later(dueAtMs) : this.#start({}, evidence, now);
      }
      case 'limit': {
        const { limit } = this.waits;
        if (this.#limit?.until !== limit.until)
          this.#limit = { until: limit.until, ...limitWait(limit, clock) };
        const leftMs = this.#limit.leftMs();
        if (leftMs > 0) return later(now + leftMs);
        return this.#start({ limitOver: limit.until }, `limit ${limit.until}`, now);
      }
      case 'turn':
        return { kind: 'turn' };
      case 'edit':
        return await this.#dueForEdit(this.waits.files, now);
      case 'revival':
        return await this.#dueForRevival(supervisor, now);
      default:
        return this.waits satisfies never;
    }
  }

  /** Notes that a worker was started. */
  started(evidence: string, pid: number | undefined, clock: Clock): void {
    const lease = this.view.lease?.number ?? 0;
    this.#starts = [...this.#starts.slice(-9), { atMs: clock.monotonic(), evidence, pid, lease }];
  }

  /** How long ago the session was last touched, in milliseconds of the wall clock. */
  idleMs(clock: Clock): number {
    const times = [this.paths.events, this.paths.commands, this.paths.overview].map(
      (path) => statsAt(path)?.mtimeMs ?? 0,
    );
    return clock.now() - Math.max(...times);
  }

  async #dueForEdit(files: readonly string[], now: number): Promise<Due> {
    const id = files.map(idAt).join(' ');
    const isResting = this.#resting !== undefined && now >= this.#resting.dueAtMs;
    const read = this.#read;
    if (read?.id === id && now - read.atMs < READ_AGAIN_MS && !isResting)
      return later(Math.min(read.atMs + READ_AGAIN_MS, this.#resting?.dueAtMs ?? Number.POSITIVE_INFINITY));
    this.#read = { id, atMs: now };
    const edit = await readEdit(this.view, this.#resting, now);
    this.#resting = edit.wake === undefined ? edit.resting : undefined;
    if (edit.wake !== undefined && edit.evidence !== undefined)
      return this.#start(edit.wake, edit.evidence, now);
    return later(Math.min(now + READ_AGAIN_MS, edit.resting?.dueAtMs ?? Number.POSITIVE_INFINITY));
  }

  async #dueForRevival({ clock, revives }: Supervisor, now: number): Promise<Due> {
    if (!revives || this.isDying) return later(now + SAME_REASON_MS);
    const since = now - REVIVAL_LIMIT.withinMs;
    const ours = this.#starts.filter(({ atMs, evidence }) => evidence === REVIVAL && atMs >= since);
    const count = Math.max(ours.length, await recentRevivals(this.view, { clock }));
    if (count >= REVIVAL_LIMIT.times) {
      this.isDying = true;
      return later(now + SAME_REASON_MS);
    }
    const lastMs = ours.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    const dueAtMs = lastMs + (BACK_OFF_MS[count] ?? 0);
    return now < dueAtMs ? later(dueAtMs) : { kind: 'start', wake: {}, evidence: REVIVAL };
  }

  #start(wake: Wake, evidence: string, now: number): Due {
    const same = this.#starts.findLast((start) => start.evidence === evidence);
    if (same !== undefined && now - same.atMs < SAME_REASON_MS) return later(same.atMs + SAME_REASON_MS);
    return { kind: 'start', wake, evidence };
  }

  async #isStarting({ clock, host }: Supervisor): Promise<boolean> {
    const last = this.#starts.at(-1);
    if (last?.pid === undefined || (this.view.lease?.number ?? 0) > last.lease) return false;
    if (clock.monotonic() - last.atMs > STARTING_MS) return false;
    return isRunning(await host.processes.read(last.pid));
  }

  /** Since when a turn was given that has not come to a lease yet. */
  async isStarting(supervisor: Supervisor): Promise<boolean> {
    return await this.#isStarting(supervisor);
  }
}

const REVIVAL = 'revival';

/** What tells at the cost of a few looks whether a session is as it was. */
export function printOf({ events, leases, commands, sessionFile, runDir }: SessionPaths): string {
  return [events, leases, commands, sessionFile, runDir].map(idAt).join(' ');
}

function idAt(path: string): string {
  try {
    const stats = statsAt(path);
    return stats === undefined ? '' : fileId(stats);
  } catch {
    return 'unreadable';
  }
}

function later(atMs: number): Due {
  return { kind: 'later', atMs };
}
