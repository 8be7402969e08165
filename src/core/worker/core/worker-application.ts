import { join } from 'node:path';
import {
  type Application,
  applicationVariables,
  type Ports,
  type ServedIn,
  servedPorts,
  webPort,
} from '../../kernel/phases/application.ts';
import type { ProofFolders } from '../../kernel/phases/proving.ts';
import { endTree, type Mark } from '../../kernel/processes/end-tree.ts';
import { quotedSaid, saidBy } from '../../kernel/said.ts';
import type { CheckEnd } from '../../project/proving/run-check.ts';
import type { ServesClone } from '../../project/proving/run-on-clone.ts';
import { dataFolder } from '../../project/worktrees/sandbox-folders.ts';
import {
  type ApplicationRunner,
  applications,
  type RunningServices,
  type ServedPlace,
} from '../../sandbox/application.ts';
import { childEnvironment, SESSION_MARK } from '../../sandbox/programs/environment.ts';
import { serviceInside } from '../../sandbox/service-place.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { SERVICES_FAILED } from '../../session/events/fold.ts';
import { provingOf, stateOf, type Worker } from './worker.ts';

type PortSet = 'own' | 'base';
type Reserved = Record<PortSet, Ports>;

/** The services of a session's application, around what uses them: an agent, a check, or a person. */
export class WorkerApplication {
  #reserved: { names: string; ports: Promise<Reserved> } | undefined;
  #running: RunningServices | undefined;
  /** Aborts a start that runs beside an agent. */
  #stop: AbortController | undefined;
  #starting: Promise<void> | undefined;

  get isRunning(): boolean {
    return this.#running !== undefined || this.#starting !== undefined;
  }

  /** Tells the guard which ports it has to open. Call it before anything starts in a strict sandbox. */
  async reserve(worker: Worker): Promise<void> {
    const application = applicationOf(worker);
    if (application === undefined) return;
    const { own, base } = await this.#ports(worker, application);
    worker.guard.served = { own: servedPorts(application, own), base: servedPorts(application, base) };
  }

  async release({ file }: Pick<Worker, 'file'>): Promise<void> {
    await applications.items[0]?.release(file);
    this.#reserved = undefined;
  }

  /** @param data the folder of the services' data, where these variables are used */
  async variables(
    worker: Worker,
    { set = 'own', data = dataOf(worker) }: { set?: PortSet; data?: string } = {},
  ): Promise<Record<string, string>> {
    const application = applicationOf(worker);
    if (application === undefined) return {};
    const { [set]: ports } = await this.#ports(worker, application);
    return applicationVariables(application, { ports, data });
  }

  /**
   * Starts the services in the worktree, if they run in this phase, and waits until they are ready.
   * @returns what failed
   * @throws port_taken
   */
  async start(
    worker: Worker,
    when: ServedIn | 'a person',
    { signal, cwd = stateOf(worker).worktree?.path }: { signal: AbortSignal; cwd?: string | undefined },
  ): Promise<CheckEnd[]> {
    const application = applicationOf(worker);
    const [runner] = applications.items;
    if (application === undefined || runner === undefined || cwd === undefined) return [];
    if (when !== 'a person' && !application.in.includes(when)) return [];
    await this.#endRunning();
    const { host, clock } = worker;
    const place = await this.#placeIn(worker, application, cwd);
    await runner.requireFree(place.ports, host);
    this.#running = await runner.start(place, { clock, host, signal });
    return this.#running.failures;
  }

  /** The same beside an agent that runs already: failures are seen in `services/now.json`. */
  startBeside(worker: Worker, when: ServedIn, failed: (error: unknown) => void): void {
    const before = this.end();
    const stop = new AbortController();
    this.#stop = stop;
    this.#starting = before
      .then(() => this.start(worker, when, { signal: stop.signal }))
      .then(() => undefined, failed)
      .finally(() => {
        if (this.#stop !== stop) return;
        this.#stop = undefined;
        this.#starting = undefined;
      });
  }

  /** Ends all services of the worktree. @returns a sentence for each that had ended before */
  async end(): Promise<string[]> {
    const stop = this.#stop;
    this.#stop = undefined;
    stop?.abort();
    if (stop !== undefined) await this.#starting;
    return await this.#endRunning();
  }

  async #endRunning(): Promise<string[]> {
    const running = this.#running;
    this.#running = undefined;
    const ended = running?.ended() ?? [];
    await running?.end();
    return ended;
  }

  /** What an agent is told about them; undefined if none run in this phase. */
  async facts(
    worker: Worker,
    when: ServedIn,
  ): Promise<{ ports: Ports; url: string | undefined } | undefined> {
    const application = applicationOf(worker);
    if (application === undefined || !application.in.includes(when)) return undefined;
    if (application.services.length === 0) return undefined;
    const { own: ports } = await this.#ports(worker, application);
    return { ports, url: addressOf(application, ports) };
  }

  /** The services of a clone. @param mark of its commands; the services have another one */
  async inClone(
    worker: Worker,
    { set, mark, outputDir, env }: { set: PortSet; mark: string; outputDir: string; env: Env },
  ): Promise<ServesClone | undefined> {
    const application = applicationOf(worker);
    const [runner] = applications.items;
    if (application === undefined || runner === undefined) return undefined;
    if (!application.in.includes('proof')) return undefined;
    const { [set]: ports } = await this.#ports(worker, application);
    return {
      isForSetup: application.in.includes('setup'),
      start: async (folders, cwd) => {
        const { host, clock } = worker;
        const guard = await worker.guard.ofProof(worker, set);
        const data = dataIn(folders);
        const own = servicesMark(mark);
        const ofServices = { ...(await env(folders)), [own.name]: own.value };
        const insideFor = serviceInside(guard, { ...folders, data }, ofServices);
        const place: ServedPlace = {
          ...{ application, cwd, env: ofServices, ports, data, mark: own },
          ...{ outputDir: join(outputDir, 'services'), outputRoot: worker.paths.runDir },
          ...(insideFor && { insideFor }),
          net: guard?.egress?.net,
        };
        await runner.requireFree(ports, host);
        const { signal } = new AbortController();
        const { failures, end } = await started(runner, place, { clock, host, signal });
        return { ports, url: addressOf(application, ports), failures, end };
      },
    };
  }

  async #ports(worker: Worker, { ports: names }: Application): Promise<Reserved> {
    const key = names.join(',');
    if (this.#reserved?.names !== key) {
      const ports = this.#reserve(worker, names);
      this.#reserved = { names: key, ports };
      ports.catch(() => {
        this.#reserved = undefined;
      });
    }
    return await this.#reserved.ports;
  }

  async #reserve({ file, paths }: Worker, names: readonly string[]): Promise<Reserved> {
    const [runner] = applications.items;
    if (runner === undefined) return { own: {}, base: {} };
    const owner = { id: file.id, while: paths.sessionFile, name: file.folder };
    const own = await runner.reserve(owner, names, 'own');
    return { own, base: await runner.reserve(owner, names, 'base') };
  }

  async #placeIn(worker: Worker, application: Application, cwd: string): Promise<ServedPlace> {
    const { paths, file } = worker;
    const mark = servicesMark(file.id);
    const data = dataOf(worker);
    const env = childEnvironment(worker.env, {
      sessionUlid: mark.value,
      iteration: 0,
      ...(await worker.guard.variables(worker)),
      own: await this.variables(worker),
    });
    const { own: ports } = await this.#ports(worker, application);
    const inGuard = await worker.guard.services(worker, { worktree: cwd, data, env });
    const { services: outputDir, runDir: outputRoot } = paths;
    return { application, cwd, env, ports, data, outputDir, outputRoot, mark, ...inGuard };
  }
}

type Env = (folders: ProofFolders) => Promise<Record<string, string>>;

async function started(
  runner: ApplicationRunner,
  place: ServedPlace,
  tools: Parameters<ApplicationRunner['start']>[1],
) {
  const running = await runner.start(place, tools);
  return { failures: running.failures, end: () => running.end() };
}

function applicationOf(worker: Worker): Application | undefined {
  return provingOf(worker).application;
}

function addressOf(application: Application, ports: Ports): string | undefined {
  const port = webPort(application, ports);
  return port === undefined ? undefined : `http://localhost:${port}`;
}

function dataOf({ file }: Pick<Worker, 'file'>): string {
  return dataFolder(file.worktreesDir, file.folder);
}

/** The folder of the data in a clone: new each time, and removed with it. */
export function dataIn({ empty }: Pick<ProofFolders, 'empty'>): string {
  return join(empty, 'data');
}

/** The end of an agent, or of checks, ends all processes with their own mark; services have another one. */
function servicesMark(value: string): Mark {
  return { name: SESSION_MARK, value: `${value}-services` };
}

const GRACE_MS = 300;

/** Ends the services of a worker that died, which bubblewrap does only in a guard. */
export async function endLeftServices(worker: Worker): Promise<void> {
  if (applicationOf(worker) === undefined) return;
  const { host, clock, file } = worker;
  for (const each of [file.id, `${file.id}-base`])
    await endTree(undefined, servicesMark(each), { host, clock, graceMs: GRACE_MS, known: [] });
}

/** Tells the next agent what failed. */
export function servicesFailed(
  { env, paths }: Worker,
  failures: readonly CheckEnd[],
  ended: readonly string[] = [],
): NewEvent[] {
  const failed = failures.map(({ run, failure }) => {
    const what = `\`${run.command}\` failed (${run.how ?? 'it ended'}).`;
    return `${what}${quotedSaid(saidBy(failure?.lastLines ?? '', env))} Its output: ${join(paths.runDir, run.output)}`;
  });
  return [...failed, ...ended].map((text) => ({
    type: 'notice',
    code: SERVICES_FAILED,
    text: `A service of the application: ${text}`,
  }));
}
