import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
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
import type { Host } from '../../kernel/processes/host.ts';
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
import type { EventWriter } from '../../session/events/event-writer.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { SERVICES_FAILED } from '../../session/events/fold.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { say } from './failure.ts';
import type { Guarded, WorkerGuard } from './worker-guard.ts';

/** The parts of a `Worker` that its application uses. */
interface Served extends Guarded {
  readonly paths: SessionPaths;
  readonly file: SessionFile;
  readonly clock: Clock;
  readonly host: Host;
  readonly guard: WorkerGuard;
  readonly writer: Pick<EventWriter, 'state'>;
}

type PortSet = 'own' | 'base';
type Reserved = Record<PortSet, Ports>;

/** The services of a session's application, around what uses them: an agent, a check, or a person. */
export class WorkerApplication {
  #reserved: { names: string; ports: Promise<Reserved> } | undefined;
  #running: RunningServices | undefined;
  /** Aborts a start that runs beside an agent. */
  #stop: AbortController | undefined;
  #starting: Promise<void> | undefined;
  #problem: string | undefined;

  get isRunning(): boolean {
    return this.#running !== undefined || this.#starting !== undefined;
  }

  /** Why services that were started beside something do not run. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Tells the guard which ports it has to open. Call it before anything starts in a strict sandbox. */
  async reserve(worker: Served): Promise<void> {
    const application = applicationOf(worker);
    if (application === undefined) return;
    const { own, base } = await this.#ports(worker, application);
    worker.guard.served = { own: servedPorts(application, own), base: servedPorts(application, base) };
  }

  async release({ file }: Pick<Served, 'file'>): Promise<void> {
    await applications.items[0]?.release(file);
    this.#reserved = undefined;
  }

  /** @param data the folder of the services' data, where these variables are used */
  async variables(
    worker: Served,
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
    worker: Served,
    when: ServedIn | 'a person',
    { signal, cwd = worker.writer.state.worktree?.path }: { signal: AbortSignal; cwd?: string | undefined },
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
  startBeside(worker: Served, when: ServedIn | 'a person'): void {
    const before = this.end();
    this.#problem = undefined;
    const stop = new AbortController();
    this.#stop = stop;
    this.#starting = before
      .then(() => this.start(worker, when, { signal: stop.signal }))
      .then((failures) => {
        const [first] = stop.signal.aborted ? [] : failures;
        this.#problem = first && `\`${first.run.command}\` failed (${first.run.how})`;
      })
      .catch((error: unknown) => {
        this.#problem = error instanceof Error ? error.message : String(error);
        say(worker, error);
      })
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
    this.#problem = undefined;
    stop?.abort();
    const starting = this.#starting;
    if (stop !== undefined) await starting;
    if (this.#starting === starting) this.#starting = undefined;
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
    worker: Served,
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
    worker: Served,
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

  async #ports(worker: Served, { ports: names }: Application): Promise<Reserved> {
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

  async #reserve({ file, paths }: Served, names: readonly string[]): Promise<Reserved> {
    const [runner] = applications.items;
    if (runner === undefined) return { own: {}, base: {} };
    const owner = { id: file.id, while: paths.sessionFile, name: file.folder };
    const own = await runner.reserve(owner, names, 'own');
    return { own, base: await runner.reserve(owner, names, 'base') };
  }

  async #placeIn(worker: Served, application: Application, cwd: string): Promise<ServedPlace> {
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

function applicationOf(worker: Served): Application | undefined {
  const { writer, file } = worker;
  return (writer.state.proving ?? file.settings.proving).application;
}

function addressOf(application: Application, ports: Ports): string | undefined {
  const port = webPort(application, ports);
  return port === undefined ? undefined : `http://localhost:${port}`;
}

function dataOf({ file }: Pick<Served, 'file'>): string {
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
export async function endLeftServices(worker: Served): Promise<void> {
  if (applicationOf(worker) === undefined) return;
  const { host, clock, file } = worker;
  for (const each of [file.id, `${file.id}-base`])
    await endTree(undefined, servicesMark(each), { host, clock, graceMs: GRACE_MS, known: [] });
}

/** Tells the next agent what failed. */
export function servicesFailed(
  { env, paths }: Pick<Served, 'env' | 'paths'>,
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
