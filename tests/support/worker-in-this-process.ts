import { appendFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ulid } from 'ulid';
import { isoUtc, systemClock } from '../../src/base/clock.ts';
import { systemHost } from '../../src/base/processes/host.ts';
import { leaveCommand } from '../../src/session/commands/commands.ts';
import { sessionPaths } from '../../src/session/layout/paths.ts';
import { sessionFolders } from '../../src/session/session-list.ts';
import { readSession } from '../../src/session/status.ts';
import type { runWorker } from '../../src/worker/loop/run-worker.ts';
import type { BuiltPrograms } from './built-programs.ts';
import { endProcessesOf } from './supervisors.ts';

// Each program that runs, as git does, listens for the end of this process.
process.setMaxListeners(100);

interface Beginning {
  sessionsDir: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Works on the sessions of a project in this process: what a worker does is the same, and half of what one takes is the
 * start of its program. Not for sessions whose worker is killed, or whose lease is forged: its owner would be this
 * process, which lives on.
 */
export class WorkerHere {
  readonly #programs: Pick<BuiltPrograms, 'rehearsal'>;
  readonly #runWorker: typeof runWorker;
  readonly #running = new Map<Promise<void>, string>();
  #beginning: Beginning = { sessionsDir: '', env: {} };

  private constructor(programs: Pick<BuiltPrograms, 'rehearsal'>, run: typeof runWorker) {
    this.#programs = programs;
    this.#runWorker = run;
  }

  /** Whoever acts waits for a worker, and shall not wait until its code is there. */
  static async of(programs: Pick<BuiltPrograms, 'rehearsal'>): Promise<WorkerHere> {
    const { runWorker } = await import('../../src/worker/loop/run-worker.ts');
    return new WorkerHere(programs, runWorker);
  }

  /** For whoever acts. The worker's is asked for where one is launched, and that one ends at once. */
  get programs(): { worker: string; rehearsal: string } {
    const launchWanted = () => void this.#launchWanted();
    const { rehearsal } = this.#programs;
    return {
      get worker() {
        launchWanted();
        return '/dev/null';
      },
      rehearsal,
    };
  }

  begin(beginning: Beginning): void {
    this.#beginning = beginning;
  }

  launch(folder: string): void {
    const { sessionsDir } = this.#beginning;
    const run = this.#run(folder).catch(async (error: unknown) => {
      const text = `${error instanceof Error ? error.stack : error}\n`;
      await appendFile(sessionPaths(sessionsDir, folder).workerErrors, text).catch(() => undefined);
    });
    this.#running.set(run, folder);
    void run.then(() => this.#running.delete(run));
  }

  /** Stops what works; its agents in this home are killed. */
  async end(homeDir?: string): Promise<void> {
    for (const folder of new Set(this.#running.values())) await this.#stop(folder);
    if (homeDir !== undefined) await endProcessesOf(homeDir);
    await Promise.all(this.#running.keys());
  }

  /** Which session is meant is not said. */
  async #launchWanted(): Promise<void> {
    const { sessionsDir } = this.#beginning;
    const host = await systemHost();
    for (const folder of await sessionFolders(sessionsDir)) {
      const view = await readSession(sessionPaths(sessionsDir, folder), host).catch(() => undefined);
      const isWanted = view?.needsWorker || view?.pendingCommands.length;
      if (isWanted && ![...this.#running.values()].includes(folder)) this.launch(folder);
    }
  }

  async #run(folder: string): Promise<void> {
    const { sessionsDir, env } = this.#beginning;
    const rehearsalProgram = this.#programs.rehearsal;
    const supervisorProgram = join(dirname(rehearsalProgram), 'supervisor.cjs');
    const own = { rehearsalProgram, supervisorProgram };
    await this.#runWorker({ sessionsDir, folder, clock: systemClock, host: await systemHost(), env, ...own });
  }

  async #stop(folder: string): Promise<void> {
    const { sessionsDir } = this.#beginning;
    const head = { v: 1, id: ulid(), by: { channel: 'cli' }, at: isoUtc(Date.now()) } as const;
    const command = { ...head, kind: 'stop', when: 'now' } as const;
    await leaveCommand(sessionPaths(sessionsDir, folder), command).catch(() => undefined);
  }
}
