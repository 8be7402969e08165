import { expect } from 'vitest';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { isRunning } from '../../src/core/kernel/processes/process-table.ts';
import { type CommandResult, runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { launchWorker } from '../../src/core/sandbox/programs/launch-worker.ts';
import { readAllSessions } from '../../src/core/session/folder/session-list.ts';
import type { SessionView } from '../../src/core/session/folder/session-view.ts';
import { builtPrograms } from './built-programs.ts';
import type { Sweep } from './disk-sweep.ts';
import type { TempProject } from './project.ts';

const TRIES = 6;
const WITHIN_MS = 480_000;

type Project = Pick<TempProject, 'repo' | 'sessionsDir' | 'context'>;

/** A person whose disk fails: types a command again until it has worked, and resumes what is blocked. */
export class Person {
  readonly blocks: string[] = [];
  readonly project: Project;
  readonly faults: Sweep;

  constructor(project: Project, faults: Sweep) {
    this.project = project;
    this.faults = faults;
  }

  /** @param isDone what the person looks for before the command is typed again: it may have been left for a worker */
  async types(args: readonly string[], isDone: (view: SessionView) => boolean = () => false): Promise<void> {
    const said: string[] = [];
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { exitCode, stdout, stderr } = await this.#samocode(args);
      if (exitCode === 0) return;
      expect(stderr).not.toContain('Internal error');
      said.push(`${exitCode}: ${stdout}${stderr}`);
      const view = await this.#rested();
      if (view !== undefined && isDone(view)) return;
    }
    throw new Error(`samocode ${args.join(' ')} never worked: ${said.join('\n')}`);
  }

  async #samocode(args: readonly string[]): Promise<CommandResult> {
    const { cli } = await builtPrograms();
    const { repo } = this.project;
    const env = { ...repo.env, ...this.faults.env };
    return await runCommand(process.execPath, [cli, ...args], {
      cwd: repo.path,
      env,
      timeoutMs: WITHIN_MS,
    });
  }

  /** Whether status names the disk, if the session has work that waits for it. */
  async isTold(): Promise<boolean> {
    const { sessionsDir, context } = this.project;
    const [view] = await readAllSessions(sessionsDir, context.host);
    if (view === undefined || (view.worker !== 'alive' && !view.needsWorker)) return true;
    return (await this.#samocode(['status', view.folder])).stdout.includes('The disk with ');
  }

  async session(): Promise<SessionView> {
    const views = await readAllSessions(this.project.sessionsDir, this.project.context.host);
    expect(
      views.map(({ folder }) => folder),
      'sessions',
    ).toHaveLength(1);
    return views[0] as SessionView;
  }

  /** Does what a supervisor does, and resumes what is blocked: its reason has told the person why. */
  async until(holds: (view: SessionView) => boolean): Promise<SessionView> {
    const { worker } = await builtPrograms();
    const { processes } = this.project.context.host;
    let launched: number | undefined;
    for (const end = Date.now() + WITHIN_MS; Date.now() < end; await systemClock.sleep(100)) {
      const view = await this.session();
      if (holds(view)) return view;
      const env = { ...this.project.repo.env, ...this.faults.env };
      const isStarting = launched !== undefined && isRunning(await processes.read(launched));
      if (view.needsWorker && !isStarting)
        launched = await launchWorker(view.paths, { program: worker, env });
      const { status } = view.state;
      if (status.kind !== 'blocked' || view.worker !== 'none') continue;
      this.blocks.push(status.reason);
      await this.types(['resume', view.folder], ({ state }) => state.status.kind !== 'blocked');
    }
    throw new Error(`It was never reached: ${JSON.stringify((await this.session()).state.status)}`);
  }

  /** The session once no worker is left, or the last one has had time. */
  async #rested(): Promise<SessionView | undefined> {
    const { sessionsDir, context } = this.project;
    for (const end = Date.now() + 20_000; ; await systemClock.sleep(100)) {
      const [view] = await readAllSessions(sessionsDir, context.host);
      if (view === undefined || view.worker === 'none' || Date.now() > end) return view;
    }
  }
}
