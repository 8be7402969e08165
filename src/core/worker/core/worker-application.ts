import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import {
  type Application,
  applicationVariables,
  type Ports,
  type ServedIn,
  servedPorts,
  webAddress,
} from '../../kernel/phases/application.ts';
import type { ProofFolders } from '../../kernel/phases/proving.ts';
import { endTree } from '../../kernel/processes/end-tree.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { quotedSaid, saidBy } from '../../kernel/said.ts';
import type { CheckEnd } from '../../project/proving/run-check.ts';
import type { ServesClone } from '../../project/proving/run-on-clone.ts';
import { dataFolder } from '../../project/worktrees/sandbox-folders.ts';
import { applications, type RunningServices, type ServedPlace } from '../../sandbox/application.ts';
import { childEnvironment } from '../../sandbox/programs/environment.ts';
import { servesClone, servicesMark } from '../../sandbox/served-clone.ts';
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

  /** Call it before anything starts in a strict sandbox, which has to open the ports. */
  async reserve(worker: Served): Promise<void> {
    const application = applicationOf(worker);
    if (application === undefined) return;
    await this.#ports(worker, application);
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
   * @throws port_taken; the signal's reason
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
    // A stop may not become the start of an agent.
    signal.throwIfAborted();
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
        const [first] = failures;
        this.#problem = first && `\`${first.run.command}\` failed (${first.run.how})`;
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
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

  /** For the prompt; undefined if no service runs in this phase. */
  async facts(
    worker: Served,
    when: ServedIn,
  ): Promise<{ ports: Ports; url: string | undefined } | undefined> {
    const application = applicationOf(worker);
    if (application === undefined || !application.in.includes(when)) return undefined;
    if (application.services.length === 0) return undefined;
    const { own: ports } = await this.#ports(worker, application);
    return { ports, url: webAddress(application, ports) };
  }

  /** The services of a clone. @param mark of its commands; the services have another one */
  async inClone(
    worker: Served,
    { set, mark, outputDir, env, signal }: CloneCommands,
  ): Promise<ServesClone | undefined> {
    const application = applicationOf(worker);
    if (application === undefined) return undefined;
    const { [set]: ports } = await this.#ports(worker, application);
    const given = { application, ports, mark, env, signal, outputDir: join(outputDir, 'services') };
    const guard = () => worker.guard.ofProof(worker, set);
    return servesClone({ ...given, guard, outputRoot: worker.paths.runDir }, worker);
  }

  /** The ports, which the guard opens from now on. A resume can change them. */
  async #ports(worker: Served, application: Application): Promise<Reserved> {
    const { ports: names } = application;
    const key = names.join(',');
    if (this.#reserved?.names !== key) {
      const ports = this.#reserve(worker, names);
      this.#reserved = { names: key, ports };
      ports.catch(() => {
        this.#reserved = undefined;
      });
    }
    const { own, base } = await this.#reserved.ports;
    worker.guard.served = { own: servedPorts(application, own), base: servedPorts(application, base) };
    return { own, base };
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

interface CloneCommands {
  set: PortSet;
  mark: string;
  outputDir: string;
  env(folders: ProofFolders): Promise<Record<string, string>>;
  signal: AbortSignal;
}

function applicationOf(worker: Served): Application | undefined {
  const { writer, file } = worker;
  return (writer.state.proving ?? file.settings.proving).application;
}

function dataOf({ file }: Pick<Served, 'file'>): string {
  return dataFolder(file.worktreesDir, file.folder);
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
