import { basename, dirname, join } from 'node:path';
import { PROVIDER_ERRORS } from '../agents/contract/provider-errors.ts';
import { isoUtc } from '../kernel/clock.ts';
import { crashPoint } from '../kernel/fault-points.ts';
import { writeUnsynced } from '../kernel/files/atomic-file.ts';
import { statsAt } from '../kernel/files/path-stats.ts';
import { listed } from '../kernel/text.ts';
import { machineSetting } from '../project/finding/machine-setting.ts';
import { supervisorEnvironment } from '../sandbox/programs/launch-supervisor.ts';
import { launchWorker } from '../sandbox/programs/launch-worker.ts';
import { judgedFolders, type RefusedFolder } from '../sandbox/programs/supervisor-folder.ts';
import { isForgotten, readSession } from '../session/folder/read-session.ts';
import { readSessionList, sessionFolders } from '../session/folder/session-list.ts';
import type { SessionView } from '../session/folder/session-view.ts';
import { slotsInUse, slotsRoot } from '../session/folder/slots.ts';
import { sessionPaths } from '../session/layout/paths.ts';
import { SESSION_ERRORS } from '../session/layout/session-errors.ts';
import { spentOnDay } from '../session/waits/day-spent.ts';
import { type NextWake, waitsFor } from '../session/waits/next-wake.ts';
import { isPolled } from '../session/waits/pull-request.ts';
import { filesStamp, WatchedSession } from './session.ts';
import { describeFailure, type Supervisor } from './supervisor.ts';

/** The pause after the system failed to start a process. */
const REFUSED_MS = 10_000;
/** The interval of checks after starts, for a free slot while no session changes, and for a raised daily limit. */
const STARTED_MS = 1000;
const SLOTS_MS = 10_000;
const DAY_MS = 30_000;
const KEPT_PROBLEMS = 200;

/** The sessions of each SESSIONS folder; undefined if they cannot be read. */
type Listed = Map<string, string[] | undefined>;

/** What starts sessions, or their folder, is left alone until the person acts; equal ids mean the same pause. */
interface Pause {
  id: string;
  at: string;
  session: string;
  text: string;
}

/** All sessions of this machine, and the acts that are due for each. */
export class Scan {
  readonly sessions = new Map<string, WatchedSession>();
  /** Those of which the person is yet to be notified. */
  readonly pauses: Pause[] = [];
  readonly #supervisor: Supervisor;
  readonly #sessionsDirs = new Set<string>();
  /** SESSIONS folders that do not respond. */
  readonly #unresponsive = new Set<string>();
  readonly #problems = new Set<string>();
  /** Folders about which the person was notified. */
  readonly #refused = new Set<string>();
  #refusedUntilMs = 0;
  /** No slot was free: whoever frees one changes a session, unless it is not seen from here. */
  #fullUntilMs = 0;
  #withoutSlot: readonly WatchedSession[] = [];

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  notifyPause(pause: Pause): void {
    this.pauses.push(pause);
  }

  /** Scans every session once and starts what is due. @returns the latest time of the next scan, monotonic */
  async run(folders?: Listed): Promise<number> {
    await this.read(folders);
    const { clock } = this.#supervisor;
    let nextMs = Number.POSITIVE_INFINITY;
    const due = new Map<WatchedSession, NextWake>();
    for (const session of this.sessions.values()) {
      try {
        const { sessionsDir } = session.paths;
        const others = () => this.views().filter(({ paths }) => paths.sessionsDir === sessionsDir);
        const one = await session.due(this.#supervisor, others);
        if (one.kind === 'later') nextMs = Math.min(nextMs, one.atMs);
        else due.set(session, one.wake);
      } catch (error) {
        this.report(session.paths.folder, error);
      }
    }
    if (due.size === 0) return nextMs;
    // The program is missing while an upgrade replaces it, which can take minutes.
    if (statsAt(this.#supervisor.programs.worker) === undefined)
      return Math.min(nextMs, clock.monotonic() + REFUSED_MS);
    if (clock.monotonic() < this.#refusedUntilMs) return Math.min(nextMs, this.#refusedUntilMs);
    const queued = [...due].filter(([, { kind }]) => kind === 'turn').map(([session]) => session);
    for (const [session, wake] of due) if (wake.kind !== 'turn') await this.#start(session, wake);
    if (queued.length < due.size) nextMs = Math.min(nextMs, clock.monotonic() + STARTED_MS);
    return queued.length === 0 ? nextMs : Math.min(nextMs, await this.#startQueued(queued));
  }

  /**
   * The sessions of each SESSIONS folder; undefined if they cannot be read. A folder that does not respond is skipped
   * until it does: any other access to it would block the whole supervisor.
   */
  async list(): Promise<Listed> {
    const found: Listed = new Map();
    for (const sessionsDir of await this.#known()) {
      this.#unresponsive.delete(sessionsDir);
      try {
        found.set(sessionsDir, await sessionFolders(sessionsDir));
      } catch (error) {
        this.report(sessionsDir, error);
        if (SESSION_ERRORS.sessions_silent.is(error)) this.#unresponsive.add(sessionsDir);
        else found.set(sessionsDir, undefined);
      }
    }
    for (const dir of this.#unresponsive) for (const key of this.#keysBelow(dir)) this.sessions.delete(key);
    return found;
  }

  async read(known?: Listed): Promise<void> {
    const seen = new Set<string>();
    for (const [sessionsDir, folders] of known ?? (await this.list())) {
      // A disk that is briefly unavailable must not remove sessions.
      if (folders === undefined) for (const key of this.#keysBelow(sessionsDir)) seen.add(key);
      for (const folder of folders ?? []) {
        const key = join(sessionsDir, folder);
        seen.add(key);
        await this.#read(key, sessionsDir, folder).catch((error: unknown) => this.report(folder, error));
      }
    }
    for (const key of [...this.sessions.keys()]) if (!seen.has(key)) this.sessions.delete(key);
  }

  /** Whether some session is running, or waits for something that this supervisor handles. */
  hasReason(): boolean {
    const { clock } = this.#supervisor;
    if (this.#unresponsive.size > 0) return true;
    return [...this.sessions.values()].some((session) => {
      const { waits, view, paths } = session;
      if (waits.for === 'nothing' || waits.for === 'person') return false;
      // However long ago it was opened.
      if (isPolled(view.state, clock.now())) return true;
      return waits.for !== 'pull_request' && (isTimed(session) || !isForgotten(paths, clock.now()));
    });
  }

  /** All sessions, as last read. */
  views(): SessionView[] {
    return [...this.sessions.values()].map(({ view }) => view);
  }

  /** The sessions for which this supervisor can start a worker. */
  *startable(): Iterable<SessionView> {
    for (const { view, waits } of this.sessions.values()) if (waits.for !== 'person') yield view;
  }

  /** Makes the supervisor scan at once. */
  async wake(): Promise<void> {
    writeUnsynced(this.#supervisor.paths.bell, '', { mode: 0o600 });
  }

  /** Reports a lasting problem once. */
  report(what: string, error: unknown): void {
    const text = `${what}: ${describeFailure(error)}`;
    if (this.#problems.has(text)) return;
    if (this.#problems.size >= KEPT_PROBLEMS) this.#problems.clear();
    this.#problems.add(text);
    this.#supervisor.say(text);
  }

  async #startQueued(queued: readonly WatchedSession[]): Promise<number> {
    const { clock } = this.#supervisor;
    const isKnown = queued.every((session) => this.#withoutSlot.includes(session));
    if (isKnown && clock.monotonic() < this.#fullUntilMs) return this.#fullUntilMs;
    if (await isDaySpent(this.#supervisor)) {
      for (const session of queued) session.comesInMs = untilTomorrowMs(clock.now());
      return clock.monotonic() + DAY_MS;
    }
    const isRefused = (sessionsDir: string, error: unknown) => this.report(sessionsDir, error);
    const next = await schedule(queued, this.sessions.values(), this.#supervisor, isRefused);
    for (const session of next) await this.#start(session, { kind: 'turn' });
    if (next.length > 0) return clock.monotonic() + STARTED_MS;
    this.#fullUntilMs = clock.monotonic() + SLOTS_MS;
    this.#withoutSlot = queued;
    return this.#fullUntilMs;
  }

  async #start(session: WatchedSession, wake: NextWake): Promise<void> {
    const { programs, env, home, clock, say } = this.#supervisor;
    let pid: number | undefined;
    try {
      crashPoint('before-start-worker');
      pid = await launchWorker(session.paths, {
        program: programs.worker,
        // The worker adds the variables of a login shell.
        env: supervisorEnvironment(env, home),
        // Only what it cannot see itself.
        wake: {
          rested: wake.kind === 'answers' ? wake.fileHash : undefined,
          limitOver: wake.kind === 'limit' ? wake.until : undefined,
        },
      });
      crashPoint('after-start-worker');
      say(`${session.paths.folder}: a worker was started (${wake.kind})`);
    } catch (error) {
      this.report(session.paths.folder, error);
      // No process can be started now, for any session.
      if (PROVIDER_ERRORS.worker_not_launched.is(error)) {
        this.#refusedUntilMs = clock.monotonic() + REFUSED_MS;
        return;
      }
    }
    session.started(wake, pid, clock);
  }

  async #read(key: string, sessionsDir: string, folder: string): Promise<void> {
    const { host, clock } = this.#supervisor;
    const known = this.sessions.get(key);
    const place = known?.place ?? sessionPaths(sessionsDir, folder);
    const stamp = filesStamp(place, known?.waits.for === 'nothing');
    if (known !== undefined && !(await known.hasChanged({ host }, stamp))) return;
    this.#fullUntilMs = 0;
    const view = await readSession(place, host, clock);
    if (view === undefined) this.sessions.delete(key);
    else if (known !== undefined) known.update(view, stamp, this.#supervisor);
    else this.sessions.set(key, new WatchedSession(place, view, stamp, this.#supervisor));
  }

  /** The watched SESSIONS folders. A known one stays known even if the config folder is removed. */
  async #known(): Promise<ReadonlySet<string>> {
    const { paths, home } = this.#supervisor;
    const { watched, refused } = await judgedFolders(paths, home);
    for (const dir of watched) this.#sessionsDirs.add(dir);
    for (const [dir, folder] of refused) {
      this.#sessionsDirs.delete(dir);
      await this.#notifyRefused(dir, folder).catch((error: unknown) => this.report(dir, error));
    }
    return this.#sessionsDirs;
  }

  /** The sessions that a person has in a folder that nothing is taken from continue only once they trust it. */
  async #notifyRefused(dir: string, { filePath, isRegistered, error }: RefusedFolder): Promise<void> {
    const id = `${dir}:not_trusted`;
    if (!isRegistered || this.#refused.has(id)) return;
    this.#refused.add(id);
    const { host, clock } = this.#supervisor;
    const views = await readSessionList(dir, host);
    const waiting = views.filter((view) => waitsFor(view, this.#supervisor.identity).for !== 'nothing');
    if (waiting.length === 0) return;
    const folder = dirname(filePath);
    const names = listed(
      waiting.map((view) => view.folder),
      5,
    );
    const text = `${error.message} Until then nothing watches or continues ${names}. Run: samocode trust ${folder}`;
    this.notifyPause({ id, at: isoUtc(clock.now()), session: basename(folder), text });
  }

  #keysBelow(sessionsDir: string): string[] {
    return [...this.sessions]
      .filter(([, { paths }]) => paths.sessionsDir === sessionsDir)
      .map(([key]) => key);
  }
}

/** Whether it starts at a set time, which can be later than the time after which a session is forgotten. */
function isTimed({ waits }: WatchedSession): boolean {
  return waits.for === 'order' && waits.order.at !== undefined;
}

function untilTomorrowMs(nowMs: number): number {
  return new Date(nowMs).setHours(24, 0, 0, 0) - nowMs;
}

/** Whether MAX_COST_USD_PER_DAY is reached, or might be because the amount spent is unknown. */
export async function isDaySpent(supervisor: Supervisor): Promise<boolean> {
  const { clock, paths } = supervisor;
  const usdPerDay = await machineSetting('maxCostUsdPerDay', supervisor);
  if (usdPerDay === undefined) return false;
  const spent = await spentOnDay(paths.spent, clock.now());
  return 'unknown' in spent || spent.usd >= usdPerDay;
}

/**
 * Chooses the sessions that start next: the project with the fewest slots in use first, and within it the
 * oldest session. A full project delays no other.
 * @param all every session, to find those that were just started and have no slot yet
 * @param onUnreadable called for a project whose slots cannot be read; it gets none
 */
export async function schedule(
  queued: readonly WatchedSession[],
  all: Iterable<WatchedSession>,
  supervisor: Supervisor,
  onUnreadable: (sessionsDir: string, error: unknown) => void = () => undefined,
): Promise<WatchedSession[]> {
  const { host, paths } = supervisor;
  const starting: string[] = [];
  for (const session of all)
    if (session.waits.for === 'turn' && (await session.isStarting(supervisor))) starting.push(dirOf(session));
  const inUse = new Map<string, number>();
  for (const dir of new Set(queued.map(dirOf))) {
    const used = await slotsInUse(slotsRoot(dir), host).then(
      ({ length }) => length,
      (error: unknown) => {
        onUnreadable(dir, error);
        return Number.POSITIVE_INFINITY;
      },
    );
    inUse.set(dir, used + starting.filter((one) => one === dir).length);
  }
  const usedBy = (session: WatchedSession) => inUse.get(dirOf(session)) ?? 0;
  const waiting = queued.toSorted((a, b) => createdAt(a).localeCompare(createdAt(b)));
  const isOldest = (session: WatchedSession) =>
    waiting.find((one) => dirOf(one) === dirOf(session)) === session;
  const hasRoom = (session: WatchedSession) =>
    usedBy(session) < (session.view.sessionFile?.settings.maxParallel ?? Number.MAX_SAFE_INTEGER);
  const parallel = await machineSetting('maxParallelOnMachine', supervisor);
  const held = parallel === undefined ? 0 : (await slotsInUse(paths.slots, host)).length + starting.length;
  const next: WatchedSession[] = [];
  while (held + next.length < (parallel ?? Number.POSITIVE_INFINITY)) {
    const candidates = waiting.filter((one) => isOldest(one) && hasRoom(one));
    const [first] = candidates.sort((a, b) => usedBy(a) - usedBy(b));
    if (first === undefined) break;
    waiting.splice(waiting.indexOf(first), 1);
    inUse.set(dirOf(first), usedBy(first) + 1);
    next.push(first);
  }
  return next;
}

const dirOf = ({ paths }: WatchedSession) => paths.sessionsDir;
const createdAt = ({ view }: WatchedSession) => view.state.createdAt ?? '';
