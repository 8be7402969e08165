import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';
import type { Application, Ports, ServedIn } from '../../kernel/phases/application.ts';
import type { ProofFolders } from '../../kernel/phases/proving.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { endTree } from '../../kernel/processes/end-tree.ts';
import { quotedSaid, saidBy } from '../../kernel/said.ts';
import type { CheckEnd } from '../../project/proving/run-check.ts';
import type { ServesClone } from '../../project/proving/run-on-clone.ts';
import { dataFolder } from '../../project/worktrees/sandbox-folders.ts';
import {
  type ApplicationRunner,
  dataIn,
  type RunningServices,
  type ServicesPlace,
  servesClone,
  servicesMark,
} from '../../sandbox/application-runner.ts';
import { inlineMaterial } from '../../session/documents/material.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { SERVICES_FAILED } from '../../session/events/fold.ts';
import { workNow } from '../../session/events/open-work.ts';
import { isLeftToPerson } from '../../session/events/rest.ts';
import { asOurs } from './as-ours.ts';
import { environmentIn } from './environment.ts';
import { logToStderr } from './passing-errors.ts';
import { provingOf, record, stateOf, type Worker } from './worker.ts';
import { makeEmpty, type PortSet } from './worker-guard.ts';

type Reserved = Record<PortSet, Ports>;

const GRACE_MS = 300;

/** The settings that name the programs in a worktree. */
function programsOf({ services, init }: Application): string[] {
  const names = [...services.map(({ name }) => name), ...(init === undefined ? [] : ['init'])];
  return names.map((name) => `SERVICE_${name.toUpperCase()}`);
}

interface CloneCommands {
  set: PortSet;
  /** Of the commands; the services have another one. */
  mark: string;
  outputDir: string;
  env(folders: ProofFolders): Promise<Record<string, string>>;
  signal: AbortSignal;
}

declare module './worker.ts' {
  interface Worker {
    /** Undefined in a build whose extensions run no services. */
    services?: SessionServices;
  }
}

/** The services of a session's application, around what uses them: an agent, a check, or a person. */
export class SessionServices {
  readonly #worker: Worker;
  readonly #runner: ApplicationRunner;
  #reserved: { names: string; ports: Promise<Reserved> } | undefined;
  #running: RunningServices | undefined;
  /** A start beside an agent or a person. */
  #beside: { stop: AbortController; done: Promise<void> } | undefined;
  /** Why the services that a person asked for do not run. */
  #problem: string | undefined;

  constructor(worker: Worker, runner: ApplicationRunner) {
    this.#worker = worker;
    this.#runner = runner;
  }

  /** Called before anything starts in a strict sandbox, which has to open the ports. */
  async reserve(): Promise<void> {
    await this.#ports();
  }

  async release(): Promise<void> {
    await this.#runner.release(this.#worker.file, this.#worker);
    this.#reserved = undefined;
  }

  /** Of commands in the worktree, or in a clone. */
  async variables(clone?: { set: PortSet; folders: ProofFolders }): Promise<Record<string, string>> {
    const application = this.#application;
    if (application === undefined) return {};
    const { [clone?.set ?? 'own']: ports } = await this.#ports();
    const data = clone === undefined ? this.#data : dataIn(clone.folders);
    return this.#runner.variables(application, { ports, data });
  }

  /**
   * Starts the services in the worktree, if they run then, and waits until they are ready.
   * @returns what failed
   * @throws port_taken; the signal's reason
   */
  async start(
    when: ServedIn,
    { signal, cwd = stateOf(this.#worker).worktree?.path }: { signal: AbortSignal; cwd?: string | undefined },
  ): Promise<CheckEnd[]> {
    const worker = this.#worker;
    const application = this.#application;
    if (application === undefined || cwd === undefined || !application.in.includes(when)) return [];
    const begin = () => this.#start(application, cwd, signal);
    // What SETUP changes, it keeps with its own.
    if (when === 'setup') return await begin();
    return await asOurs(worker, programsOf(application), begin, (notices) => record(worker, ...notices));
  }

  async #start(application: Application, cwd: string, signal: AbortSignal): Promise<CheckEnd[]> {
    await this.#endRunning();
    const { host, clock } = this.#worker;
    const place = await this.#placeIn(application, cwd);
    this.#running = await this.#runner.start(place, { clock, host, signal });
    // A stop may not become the start of an agent.
    signal.throwIfAborted();
    return this.#running.failures;
  }

  /** @returns those that had ended before */
  async end(): Promise<CheckEnd[]> {
    const beside = this.#beside;
    this.#beside = undefined;
    this.#problem = undefined;
    beside?.stop.abort();
    await beside?.done;
    return await this.#endRunning();
  }

  async #endRunning(): Promise<CheckEnd[]> {
    const running = this.#running;
    this.#running = undefined;
    const ended = running?.ended() ?? [];
    await running?.end();
    return ended;
  }

  /** Ends the services of a worker that died, which bubblewrap does only in a guard. */
  async endLeft(): Promise<void> {
    if (this.#application === undefined) return;
    const { host, clock, file } = this.#worker;
    for (const each of [file.id, `${file.id}-base`])
      await endTree(undefined, servicesMark(each), { host, clock, graceMs: GRACE_MS, known: [] });
  }

  async inClone({ set, outputDir, signal, ...given }: CloneCommands): Promise<ServesClone | undefined> {
    const application = this.#application;
    if (application === undefined) return undefined;
    const { guard, paths, clock, host } = this.#worker;
    const { [set]: ports } = await this.#ports();
    const output = { outputDir: join(outputDir, 'services'), outputRoot: paths.runDir };
    const serving = { ...given, ...output, application, ports, guard: () => guard.ofProof(set) };
    return servesClone(this.#runner, serving, { clock, host, signal });
  }

  async promptLines(phase: Phase): Promise<string[]> {
    const application = this.#application;
    if (!application?.in.includes(phase) || application.services.length === 0) return [];
    const { services, restartServices } = this.#worker.paths;
    const { own: ports } = await this.#ports();
    const url = this.#runner.webAddress(application, ports);
    const numbers = Object.entries(ports).map(([name, port]) => `${name} ${port}`);
    const where = url === undefined ? '' : ` The application is at ${url}.`;
    return [
      `Services of the application run while you work; ports: ${numbers.join(', ')}.${where} Do not start them yourself. To restart them, create the empty file ${inlineMaterial(restartServices)}, and wait until it is gone and ${inlineMaterial(join(services, 'now.json'))} says ready for each; what they print is beside it.`,
    ];
  }

  /** Restarts them if the agent asks for that. */
  async whileAgent(phase: Phase): Promise<void> {
    const { restartServices } = this.#worker.paths;
    if (!statsAt(restartServices)?.isFile()) return;
    // Whoever waits for its end must not read an older "ready".
    this.#running?.willRestart();
    unlinkSync(restartServices);
    this.startBeside(phase);
  }

  /** Once the agent has ended; what ended before it is for the next one. */
  async afterAgent(): Promise<void> {
    await this.recordFailed(await this.end());
  }

  /** Tells the next agent what failed. */
  async recordFailed(failed: readonly CheckEnd[]): Promise<void> {
    if (failed.length === 0) return;
    const { env, paths } = this.#worker;
    const notices = failed.map(({ run, failure }): NewEvent => {
      const what = `\`${run.command}\` failed (${run.how ?? 'it ended'}).`;
      const said = quotedSaid(saidBy(failure?.lastLines ?? '', env));
      const text = `A service of the application: ${what}${said} Its output: ${join(paths.runDir, run.output)}`;
      return { type: 'notice', code: SERVICES_FAILED, text };
    });
    await record(this.#worker, ...notices);
  }

  /** Whether services run for a person. */
  isHeld(): boolean {
    const state = stateOf(this.#worker);
    return (
      state.servicesUp !== undefined && isLeftToPerson(state.status.kind) && workNow(state) === undefined
    );
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get isRunning(): boolean {
    return this.#running !== undefined || this.#beside !== undefined;
  }

  /** Beside what runs already: failures are seen in `services/now.json`. */
  startBeside(when: ServedIn | 'a person'): void {
    const before = this.end();
    const stop = new AbortController();
    const done = before
      .then(() => this.#startFor(when, stop.signal))
      .then(([first]) => {
        const said = quotedSaid(saidBy(first?.failure?.lastLines ?? '', this.#worker.env));
        this.#problem = first && `\`${first.run.command}\` failed (${first.run.how}).${said}`;
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        this.#problem = error instanceof Error ? error.message : String(error);
        logToStderr(this.#worker, error);
      });
    this.#beside = { stop, done };
  }

  async #startFor(when: ServedIn | 'a person', signal: AbortSignal): Promise<CheckEnd[]> {
    const worker = this.#worker;
    const application = this.#application;
    const cwd = stateOf(worker).worktree?.path;
    if (application === undefined || cwd === undefined) return [];
    const begin = () => this.#start(application, cwd, signal);
    if (when !== 'a person') return application.in.includes(when) ? await begin() : [];
    // Events are recorded by the step that runs meanwhile; archiving names what was found.
    return await asOurs(worker, programsOf(application), begin, async () => undefined);
  }

  get #application(): Application | undefined {
    return provingOf(this.#worker).application;
  }

  get #data(): string {
    const { worktreesDir, folder } = this.#worker.file;
    return dataFolder(worktreesDir, folder);
  }

  /** The ports, which the guard opens from now on. A resume can change them. */
  async #ports(): Promise<Reserved> {
    const application = this.#application;
    if (application === undefined) return { own: {}, base: {} };
    const { ports: names } = application;
    const key = names.join(',');
    if (this.#reserved?.names !== key) {
      const ports = this.#reserve(names);
      this.#reserved = { names: key, ports };
      ports.catch(() => {
        this.#reserved = undefined;
      });
    }
    const { own, base } = await this.#reserved.ports;
    const served = (ports: Ports) => this.#runner.servedPorts(application, ports);
    this.#worker.guard.served = { own: served(own), base: served(base) };
    return { own, base };
  }

  async #reserve(names: readonly string[]): Promise<Reserved> {
    const worker = this.#worker;
    const { file, paths } = worker;
    const owner = { id: file.id, while: paths.sessionFile, name: file.folder };
    const reserve = (set: PortSet) => this.#runner.reserve(owner, { names, set }, worker);
    return { own: await reserve('own'), base: await reserve('base') };
  }

  async #placeIn(application: Application, cwd: string): Promise<ServicesPlace> {
    const worker = this.#worker;
    const { paths, file } = worker;
    const mark = servicesMark(file.id);
    const data = this.#data;
    const env = await environmentIn(worker, cwd, { sessionUlid: mark.value });
    const { own: ports } = await this.#ports();
    const inside = await this.#inside();
    const { services: outputDir, runDir: outputRoot } = paths;
    return { application, cwd, env, ports, data, outputDir, outputRoot, mark, inside };
  }

  async #inside(): Promise<ServicesPlace['inside']> {
    const worker = this.#worker;
    const guard = await worker.guard.ofProof();
    if (guard === undefined) return undefined;
    const { own, home, caches } = await worker.guard.folders();
    const tmp = join(own, 'services-tmp');
    await makeEmpty(tmp, 0o1777);
    return { guard, folders: { home, tmp, caches } };
  }
}
