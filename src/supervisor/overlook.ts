import { readKnownProjects } from '../project/known-projects.ts';
import { supervisorEnvironment } from '../providers/starting/launch-supervisor.ts';
import { launchWorker, type Wake } from '../providers/starting/launch-worker.ts';
import { registeredSessions } from '../providers/starting/supervisor-folder.ts';
import { type SessionPaths, sessionPaths } from '../session/paths.ts';
import { sessionFolders } from '../session/session-list.ts';
import { readSession } from '../session/status.ts';
import { admit } from './admit.ts';
import { describeFailure, type Supervisor } from './supervisor.ts';
import { waitsFor } from './waits-for.ts';
import { printOf, WatchedSession } from './watched-session.ts';

/** Sessions that nobody has touched for so long are no reason to stay. */
const FORGOTTEN_MS = 30 * 24 * 60 * 60_000;
/** After a start that the system refused. */
const REFUSED_MS = 10_000;

/** Every session of this machine, and what is due for each. */
export class Overlook {
  readonly sessions = new Map<string, WatchedSession>();
  readonly #supervisor: Supervisor;
  #refusedUntilMs = 0;
  #problems = new Set<string>();

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /** Looks at every session once, and starts what is due. @returns when to look again at the latest, monotonic */
  async look(): Promise<number> {
    await this.#readAll();
    const { clock } = this.#supervisor;
    let nextMs = Number.POSITIVE_INFINITY;
    const queued: WatchedSession[] = [];
    const isHeldBack = clock.monotonic() < this.#refusedUntilMs;
    for (const session of this.sessions.values()) {
      try {
        const due = await session.due(this.#supervisor);
        if (due.kind === 'later') nextMs = Math.min(nextMs, due.atMs);
        else if (due.kind === 'turn') queued.push(session);
        else if (isHeldBack) nextMs = Math.min(nextMs, this.#refusedUntilMs);
        else await this.#start(session, due.wake, due.evidence);
      } catch (error) {
        this.#report(session.paths.folder, error);
      }
    }
    if (queued.length > 0) nextMs = Math.min(nextMs, await this.#admit(queued, isHeldBack));
    return nextMs;
  }

  /** Whether some session still waits for what this supervisor does, or works. */
  hasReason(): boolean {
    const { clock } = this.#supervisor;
    return [...this.sessions.values()].some(
      (session) =>
        session.waits.for !== 'nothing' &&
        session.waits.for !== 'person' &&
        session.idleMs(clock) < FORGOTTEN_MS,
    );
  }

  async #admit(queued: readonly WatchedSession[], isHeldBack: boolean): Promise<number> {
    const { clock } = this.#supervisor;
    const soon = clock.monotonic() + 1000;
    if (isHeldBack) return soon;
    const admitted = await admit(queued, [...this.sessions.values()], this.#supervisor);
    for (const session of admitted) await this.#start(session, { admitted: true }, 'turn');
    return soon;
  }

  async #start(session: WatchedSession, wake: Wake, evidence: string): Promise<void> {
    const { programs, env, home, clock, say } = this.#supervisor;
    try {
      const pid = await launchWorker(session.paths, {
        program: programs.worker,
        // The worker adds what a login shell has.
        env: supervisorEnvironment(env, home),
        wake,
      });
      session.started(evidence, pid, clock);
      say(`${session.paths.folder}: a worker was started (${evidence.split(' ')[0]})`);
    } catch (error) {
      this.#refusedUntilMs = clock.monotonic() + REFUSED_MS;
      this.#report(session.paths.folder, error);
    }
  }

  async #readAll(): Promise<void> {
    const seen = new Set<string>();
    for (const sessionsDir of await this.#sessionsDirs()) {
      const folders = await sessionFolders(sessionsDir).catch((error: unknown) => {
        this.#report(sessionsDir, error);
        return undefined;
      });
      // A disk that is away for a moment takes no session out of sight.
      if (folders === undefined) for (const key of this.#keysBelow(sessionsDir)) seen.add(key);
      for (const folder of folders ?? []) {
        const paths = sessionPaths(sessionsDir, folder);
        seen.add(paths.runDir);
        await this.#read(paths).catch((error: unknown) => this.#report(folder, error));
      }
    }
    for (const key of [...this.sessions.keys()]) if (!seen.has(key)) this.sessions.delete(key);
  }

  async #read(paths: SessionPaths): Promise<void> {
    const { host, clock, identity } = this.#supervisor;
    const print = printOf(paths);
    const known = this.sessions.get(paths.runDir);
    if (known !== undefined && !(await known.hasChanged({ host }, print))) return;
    const view = await readSession(paths, host, clock);
    if (view === undefined) this.sessions.delete(paths.runDir);
    else if (known !== undefined) known.update(view, print, this.#supervisor);
    else this.sessions.set(paths.runDir, new WatchedSession(view, waitsFor(view, identity, host), print));
  }

  /** Those that were registered, and those of projects that earlier versions have used here. */
  async #sessionsDirs(): Promise<Set<string>> {
    const { paths, home } = this.#supervisor;
    const known = await readKnownProjects(home).catch(() => undefined);
    const ofProjects = known?.kind === 'read' ? known.projects.map(({ sessions }) => sessions) : [];
    return new Set([...(await registeredSessions(paths)), ...ofProjects]);
  }

  #keysBelow(sessionsDir: string): string[] {
    return [...this.sessions]
      .filter(([, { paths }]) => paths.sessionsDir === sessionsDir)
      .map(([key]) => key);
  }

  /** What stays wrong is said once. */
  #report(what: string, error: unknown): void {
    const text = `${what}: ${describeFailure(error)}`;
    if (this.#problems.has(text)) return;
    this.#problems.add(text);
    this.#supervisor.say(text);
  }
}
