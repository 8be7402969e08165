import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import type { Application, Ports, ServedIn } from '../../../core/kernel/phases/application.ts';
import type { Phase } from '../../../core/kernel/phases/table.ts';
import { endTree } from '../../../core/kernel/processes/end-tree.ts';
import { quotedSaid, saidBy } from '../../../core/kernel/said.ts';
import { realPathAsFar } from '../../../core/project/git/real-path.ts';
import type { CheckEnd } from '../../../core/project/proving/run-check.ts';
import type { ServesClone } from '../../../core/project/proving/run-on-clone.ts';
import { dataFolder } from '../../../core/project/worktrees/sandbox-folders.ts';
import { childEnvironment } from '../../../core/sandbox/programs/environment.ts';
import { inlineMaterial } from '../../../core/session/documents/material.ts';
import type { NewEvent } from '../../../core/session/events/events.ts';
import { SERVICES_FAILED } from '../../../core/session/events/fold.ts';
import { workNow } from '../../../core/session/events/open-work.ts';
import { isLeftToPerson } from '../../../core/session/events/rest.ts';
import { whileTakingCommands } from '../../../core/worker/commands/while-taking-commands.ts';
import { asOurs } from '../../../core/worker/state/as-ours.ts';
import { logToStderr } from '../../../core/worker/state/passing-errors.ts';
import { provingOf, record, stateOf, type Worker } from '../../../core/worker/state/worker.ts';
import type { WorkerApplication } from '../../../core/worker/state/worker-application.ts';
import { makeEmpty, type PortSet } from '../../../core/worker/state/worker-guard.ts';
import { applicationVariables, servedPorts, webAddress } from '../placeholders.ts';
import { portsFolder, releasePorts, reservePorts } from '../ports/reserve-ports.ts';
import { type ServedWorktree, serviceInWorktree } from '../sandbox/service-place.ts';
import type { RunningServices, ServedPlace } from '../served-place.ts';
import { startServices } from '../services/run-services.ts';
import { dataIn, servesClone, servicesMark } from '../services/served-clone.ts';
import { holdServices } from './hold-services.ts';

type Reserved = Record<PortSet, Ports>;

const GRACE_MS = 300;

/** The settings that name the programs in a worktree. */
function programsOf({ services, init }: Application): string[] {
  const names = [...services.map(({ name }) => name), ...(init === undefined ? [] : ['init'])];
  return names.map((name) => `SERVICE_${name.toUpperCase()}`);
}

export class SessionServices implements WorkerApplication {
  readonly #worker: Worker;
  #reserved: { names: string; ports: Promise<Reserved> } | undefined;
  #running: RunningServices | undefined;
  /** A start beside an agent or a person. */
  #beside: { stop: AbortController; done: Promise<void> } | undefined;
  #problem: string | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  async reserve(): Promise<void> {
    await this.#ports();
  }

  async release(): Promise<void> {
    await releasePorts(portsFolder(), this.#worker.file, this.#worker);
    this.#reserved = undefined;
  }

  async variables(clone?: Parameters<WorkerApplication['variables']>[0]): Promise<Record<string, string>> {
    const application = this.#application;
    if (application === undefined) return {};
    const { [clone?.set ?? 'own']: ports } = await this.#ports();
    const data = clone === undefined ? this.#data : dataIn(clone.folders);
    return applicationVariables(application, { ports, data });
  }

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
    this.#running = await startServices(place, { clock, host, signal });
    // A stop may not become the start of an agent.
    signal.throwIfAborted();
    return this.#running.failures;
  }

  async end(): Promise<void> {
    await this.#endAll();
  }

  /** @returns those that had ended before */
  async #endAll(): Promise<CheckEnd[]> {
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

  async endLeft(): Promise<void> {
    if (this.#application === undefined) return;
    const { host, clock, file } = this.#worker;
    for (const each of [file.id, `${file.id}-base`])
      await endTree(undefined, servicesMark(each), { host, clock, graceMs: GRACE_MS, known: [] });
  }

  async inClone({
    set,
    outputDir,
    ...given
  }: Parameters<WorkerApplication['inClone']>[0]): Promise<ServesClone | undefined> {
    const application = this.#application;
    if (application === undefined) return undefined;
    const worker = this.#worker;
    const { [set]: ports } = await this.#ports();
    const guard = () => worker.guard.ofProof(set);
    const output = { outputDir: join(outputDir, 'services'), outputRoot: worker.paths.runDir };
    return servesClone({ ...given, ...output, application, ports, guard }, worker);
  }

  async promptLines(phase: Phase): Promise<string[]> {
    const application = this.#application;
    if (!application?.in.includes(phase) || application.services.length === 0) return [];
    const { services, restartServices } = this.#worker.paths;
    const { own: ports } = await this.#ports();
    const url = webAddress(application, ports);
    const numbers = Object.entries(ports).map(([name, port]) => `${name} ${port}`);
    const where = url === undefined ? '' : ` The application is at ${url}.`;
    return [
      `Services of the application run while you work; ports: ${numbers.join(', ')}.${where} Do not start them yourself. To restart them, create the empty file ${inlineMaterial(restartServices)}, and wait until it is gone and ${inlineMaterial(join(services, 'now.json'))} says ready for each; what they print is beside it.`,
    ];
  }

  async beforeAgent(): Promise<void> {
    const worker = this.#worker;
    const { phase } = stateOf(worker).progress;
    if (!this.#application?.in.includes(phase)) return;
    const ends = await whileTakingCommands(worker, (signal) => this.start(phase, { signal }));
    await record(worker, ...this.#noticesOf(ends));
  }

  besideAdopted(phase: Phase): void {
    this.#startBeside(phase);
  }

  async whileAgent(phase: Phase): Promise<void> {
    const { restartServices } = this.#worker.paths;
    if (!statsAt(restartServices)?.isFile()) return;
    // Whoever waits for its end must not read an older "ready".
    this.#running?.willRestart();
    unlinkSync(restartServices);
    this.#startBeside(phase);
  }

  async afterAgent(): Promise<void> {
    const ended = await this.#endAll();
    if (ended.length > 0) await record(this.#worker, ...this.#noticesOf(ended));
  }

  isHeld(): boolean {
    const state = stateOf(this.#worker);
    return (
      state.servicesUp !== undefined && isLeftToPerson(state.status.kind) && workNow(state) === undefined
    );
  }

  async hold(): Promise<undefined> {
    return await holdServices(this.#worker, {
      isRunning: this.#running !== undefined || this.#beside !== undefined,
      problem: this.#problem,
      startBeside: (when) => this.#startBeside(when),
      end: () => this.end(),
    });
  }

  /** Beside what runs already: failures are seen in `services/now.json`. */
  #startBeside(when: ServedIn | 'a person'): void {
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
    this.#worker.guard.served = { own: servedPorts(application, own), base: servedPorts(application, base) };
    return { own, base };
  }

  async #reserve(names: readonly string[]): Promise<Reserved> {
    const worker = this.#worker;
    const { file, paths } = worker;
    const owner = { id: file.id, while: paths.sessionFile, name: file.folder };
    const reserve = (set: PortSet) => reservePorts(portsFolder(), { owner, names, set }, worker);
    return { own: await reserve('own'), base: await reserve('base') };
  }

  async #placeIn(application: Application, cwd: string): Promise<ServedPlace> {
    const worker = this.#worker;
    const { paths, file } = worker;
    const mark = servicesMark(file.id);
    const data = this.#data;
    const env = childEnvironment(worker.env, {
      sessionUlid: mark.value,
      iteration: 0,
      ...(await worker.guard.variables()),
      own: await this.variables(),
    });
    const { own: ports } = await this.#ports();
    const inGuard = await this.#inGuard({ worktree: cwd, data, env });
    const { services: outputDir, runDir: outputRoot } = paths;
    return { application, cwd, env, ports, data, outputDir, outputRoot, mark, ...inGuard };
  }

  /** How services start in the worktree; without `insideFor` if no guard confines them. */
  async #inGuard({ worktree, data, env }: ServedWorktree): Promise<Pick<ServedPlace, 'insideFor' | 'net'>> {
    const worker = this.#worker;
    const guard = await worker.guard.ofProof();
    if (guard === undefined) return {};
    const { own, home, caches } = await worker.guard.folders();
    const tmp = join(own, 'services-tmp');
    await makeEmpty(tmp, 0o1777);
    const served = { worktree: await realPathAsFar(worktree), data: await realPathAsFar(data), env };
    const part = { home, tmp, caches, ...guard.egress };
    return { insideFor: serviceInWorktree(guard, served, part), net: guard.egress?.net };
  }

  /** Tells the next agent what failed. */
  #noticesOf(failures: readonly CheckEnd[]): NewEvent[] {
    const { env, paths } = this.#worker;
    return failures.map(({ run, failure }) => {
      const what = `\`${run.command}\` failed (${run.how ?? 'it ended'}).`;
      const said = quotedSaid(saidBy(failure?.lastLines ?? '', env));
      const text = `A service of the application: ${what}${said} Its output: ${join(paths.runDir, run.output)}`;
      return { type: 'notice', code: SERVICES_FAILED, text };
    });
  }
}
