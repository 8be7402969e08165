import { appendFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ulid } from 'ulid';
import { readQaOf } from '../../src/core/acts/gates/read-qa.act.ts';
import { isoUtc, systemClock } from '../../src/core/kernel/clock.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { type Command, leaveCommand } from '../../src/core/session/commands/commands.ts';
import { readSession } from '../../src/core/session/folder/read-session.ts';
import { sessionFolders } from '../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';
import type { WorkerOptions } from '../../src/core/worker/loop/open-worker.ts';
import { runWorker } from '../../src/core/worker/loop/run-worker.ts';
import type { BuiltPrograms } from './built-programs.ts';
import type { SessionRig } from './session-rig.ts';
import { endProcessesOf } from './supervisors.ts';

interface Beginning {
  sessionsDir: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Works on the sessions of a project in this process: the work of a worker is the same, and half of its time is the
 * start of the program. Not for sessions whose worker is killed, or whose lease is forged: its owner would be this
 * process, which keeps running.
 */
export class WorkerHere {
  readonly #programs: Pick<BuiltPrograms, 'rehearsal'>;
  readonly #running = new Map<Promise<void>, string>();
  #beginning: Beginning = { sessionsDir: '', env: {} };

  private constructor(programs: Pick<BuiltPrograms, 'rehearsal'>) {
    this.#programs = programs;
  }

  static of(programs: Pick<BuiltPrograms, 'rehearsal'>): WorkerHere {
    return new WorkerHere(programs);
  }

  /** For acts. The worker's environment is read when one is launched, and that one ends at once. */
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

  /** Stops the current work, and kills its agents in this home. */
  async end(homeDir?: string): Promise<void> {
    for (const folder of new Set(this.#running.values())) await this.#stop(folder);
    if (homeDir !== undefined && this.#running.size > 0) await endProcessesOf(homeDir);
    await Promise.all(this.#running.keys());
  }

  /** It does not say which session is meant. */
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
    const surroundings = { clock: systemClock, host: await systemHost(), env };
    await runHere({ sessionsDir, folder }, this.#programs, surroundings);
  }

  async #stop(folder: string): Promise<void> {
    const { sessionsDir } = this.#beginning;
    const head = { v: 1, id: ulid(), by: { channel: 'cli' }, at: isoUtc(Date.now()) } as const;
    const command = { ...head, kind: 'stop', when: 'now' } as const;
    await leaveCommand(sessionPaths(sessionsDir, folder), command).catch(() => undefined);
  }
}

type Unsigned<C> = C extends Command ? Omit<C, 'v' | 'id' | 'by' | 'at'> : never;

/** What a command for the session as it is now names, of what a person was shown. */
async function shownNow(
  { context, paths, repo }: SessionRig,
  kind: Command['kind'],
): Promise<{ hash?: string; tip?: string }> {
  const view = await readSession(paths, context().host);
  if (view === undefined || (kind !== 'answer' && kind !== 'rewind')) return {};
  if (kind === 'answer') return { hash: (await readQaOf(view)).hash };
  const branch = view.state.worktree?.branch ?? '';
  return { tip: await repo.git(['rev-parse', branch], view.sessionFile?.mainRepo) };
}

/** Queues a person's command for a session without a worker, and works on it until it waits or ends again. */
export async function workHere(
  rig: SessionRig,
  request: Unsigned<Command>,
  more?: Readonly<Record<string, string>>,
): Promise<void> {
  const { clock, by } = rig.context();
  const head = { v: 1, id: ulid(), by, at: isoUtc(clock.now()) } as const;
  await leaveCommand(rig.paths, { ...head, ...request, ...(await shownNow(rig, request.kind)) } as Command);
  await continueHere(rig, more);
}

/** Works on a session until it waits or ends; see `WorkerHere` for which. Returns at once if another worker runs. */
export async function continueHere(
  { context, paths }: SessionRig,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { clock, host, env, programs } = context();
  await runHere(paths, programs, { clock, host, env: { ...env, ...more } });
}

async function runHere(
  { sessionsDir, folder }: { sessionsDir: string; folder: string },
  { rehearsal }: Pick<BuiltPrograms, 'rehearsal'>,
  surroundings: Pick<WorkerOptions, 'clock' | 'host' | 'env'>,
): Promise<void> {
  const supervisorProgram = join(dirname(rehearsal), 'supervisor.cjs');
  await runWorker({ sessionsDir, folder, ...surroundings, rehearsalProgram: rehearsal, supervisorProgram });
}
