import { join } from 'node:path';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { writeUnsynced } from '../../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { runProjectShell, SETUP_LIMIT_MS } from '../../../core/project/proving/project-command.ts';
import { type CheckEnd, runCheck } from '../../../core/project/proving/run-check.ts';
import type { RunningServices } from '../../../core/sandbox/application-runner.ts';
import { expandInShell, servedPorts, WEB, webAddress } from '../placeholders.ts';
import { requireFreePorts } from '../ports/reserve-ports.ts';
import { type Inbound, openInbound } from '../sandbox/inbound.ts';
import type { ServedPlace, ServiceTools } from '../served-place.ts';
import { INIT } from '../settings/setting-problems.ts';
import { RunningService } from './service.ts';

/** A database that recovers, or a first compilation. */
const READY_LIMIT_MS = 120_000;
const READY_LINE_LIMIT_MS = 10_000;
/** A service without a port and without a line that says when it is ready. */
const RUNS_MS = 1000;
const POLL_MS = 100;

type State = 'starting' | 'ready' | 'failed' | 'ended';

/**
 * Starts the services in their order, each once the one before is ready, then runs INIT.
 * @throws port_taken; nothing runs then
 */
export async function startServices(place: ServedPlace, tools: ServiceTools): Promise<RunningServices> {
  for (const folder of [place.data, place.outputDir]) makeFolder(folder);
  const services = new Services(place, tools);
  await services.start();
  return services;
}

class Services implements RunningServices {
  readonly failures: CheckEnd[] = [];
  readonly #place: ServedPlace;
  readonly #tools: ServiceTools;
  readonly #running: RunningService[] = [];
  readonly #states = new Map<string, { state: State; said?: string }>();
  /** How services of strict sandboxes are reached. */
  #inbound: Inbound | undefined;
  #ending: Promise<void> | undefined;
  /** Of this process, by which others tell it from a later one of its number. */
  #startTicks: string | undefined;

  constructor(place: ServedPlace, tools: ServiceTools) {
    this.#place = place;
    this.#tools = tools;
  }

  async start(): Promise<void> {
    const { services, init } = this.#place.application;
    for (const { name } of services) this.#states.set(name, { state: 'starting' });
    if (init !== undefined) this.#states.set(INIT, { state: 'starting' });
    this.#startTicks = (await this.#tools.host.processes.read(process.pid))?.startTicks;
    this.#write();
    try {
      await requireFreePorts(this.#place.ports, this.#tools.host);
      await this.#openInwards();
      await this.#startAll();
    } catch (error) {
      await this.end();
      this.#noteAll({ state: 'failed', said: error instanceof Error ? error.message : String(error) });
      throw error;
    }
    if (this.failures.length === 0) return;
    for (const [name, { state }] of this.#states) if (state === 'starting') this.#states.delete(name);
    this.#write();
  }

  async #startAll(): Promise<void> {
    const { services, init } = this.#place.application;
    const { signal } = this.#tools;
    for (const service of services) {
      if (signal.aborted || this.failures.length > 0) return;
      const running = new RunningService(service, this.#place, this.#tools);
      this.#running.push(running);
      void running.finished.then(() => this.#hasEnded(running));
      const why = await this.#becomesReady(running);
      if (signal.aborted) return;
      if (why === 'ready') this.#note(service.name, { state: 'ready' });
      else this.#fail(running, why === 'ended' ? running.endedEarly : why);
    }
    if (init !== undefined && this.failures.length === 0 && !signal.aborted) await this.#runInit(init);
    crashPoint('services-ready');
  }

  async #openInwards(): Promise<void> {
    const { application, ports, net } = this.#place;
    if (net === undefined) return;
    try {
      this.#inbound = await openInbound(net, servedPorts(application, ports));
    } catch (error) {
      // Another program may have taken a port since the look at all of them.
      await requireFreePorts(ports, this.#tools.host);
      throw error;
    }
  }

  ended(): CheckEnd[] {
    return this.#running
      .filter(({ name }) => this.#states.get(name)?.state === 'ended')
      .map((service) => service.failed());
  }

  willRestart(): void {
    this.#noteAll({ state: 'starting' });
  }

  end(): Promise<void> {
    this.#ending ??= this.#endAll().catch((error: unknown) => {
      // The next call tries it again.
      this.#ending = undefined;
      throw error;
    });
    return this.#ending;
  }

  async #endAll(): Promise<void> {
    // First, and whatever fails below: until they are closed, this process itself holds the ports of the next start.
    await this.#inbound?.close();
    const ends = await Promise.allSettled(
      this.#running.map(async (service) => {
        await service.stop();
        crashPoint('service-ended');
      }),
    );
    for (const [name, { state }] of this.#states)
      if (state !== 'failed') this.#states.set(name, { state: 'ended' });
    this.#write();
    crashPoint('services-ended');
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** @returns `ready`, `ended`, or why it is not ready */
  async #becomesReady(service: RunningService): Promise<string> {
    const { clock, signal } = this.#tools;
    const startedAt = clock.monotonic();
    while (clock.monotonic() - startedAt < READY_LIMIT_MS) {
      if (signal.aborted || service.end !== undefined) return 'ended';
      if ((await this.#isReady(service)) && service.end === undefined) return 'ready';
      await clock.sleep(POLL_MS, signal).catch(() => undefined);
    }
    return await this.#whyNotReady(service);
  }

  async #isReady(service: RunningService): Promise<boolean> {
    if (!(await this.#isOpen(service))) return false;
    const line = this.#place.application.ready[service.name];
    if (line !== undefined) return (await this.#runReady(line)) === undefined;
    return service.port !== undefined || service.ranMs >= RUNS_MS;
  }

  /** A READY line decides alone, except in a strict sandbox: there a relay accepts connections before the service. */
  async #isOpen(service: RunningService): Promise<boolean> {
    const { application, net } = this.#place;
    const { name, port } = service;
    if (port === undefined || (net === undefined && application.ready[name] !== undefined)) return true;
    return await service.listens(port);
  }

  async #runReady(line: string) {
    const { cwd, env, insideFor } = this.#place;
    const started = () => crashPoint('ready-begun');
    const options = { cwd, env, inside: insideFor?.([]), timeoutMs: READY_LINE_LIMIT_MS, started };
    const { signal } = this.#tools;
    return (await runProjectShell(expandInShell(line, this.#place), { ...options, signal })).failure;
  }

  async #whyNotReady(service: RunningService): Promise<string> {
    const what = (await this.#isOpen(service))
      ? `READY_${service.name.toUpperCase()} did not succeed`
      : `none of its processes listens on port ${service.port}`;
    return `it was not ready after 2 minutes: ${what}`;
  }

  #fail(service: RunningService, how: string): void {
    this.failures.push(service.failed(how));
    const { lastLine } = service;
    this.#note(service.name, {
      state: 'failed',
      said: lastLine === '' ? how : `${how}; its last line: ${lastLine}`,
    });
  }

  async #runInit(line: string): Promise<void> {
    const { cwd, env, insideFor, outputDir, outputRoot } = this.#place;
    const { clock, signal } = this.#tools;
    const started = () => crashPoint('init-begun');
    const place = { cwd, env, inside: insideFor?.([]), outputDir, outputRoot, signal, started };
    const command = { command: expandInShell(line, this.#place), isSetup: true, name: 'init' } as const;
    try {
      const end = await runCheck(clock, command, { ...place, timeoutMs: SETUP_LIMIT_MS });
      if (end.failure !== undefined) this.failures.push(end);
      this.#note(INIT, end.failure ? { state: 'failed', said: end.failure.how } : { state: 'ready' });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #hasEnded({ name, ending }: RunningService): void {
    if (this.#ending !== undefined || this.#states.get(name)?.state !== 'ready') return;
    this.#note(name, { state: 'ended', said: ending });
  }

  #noteAll(now: { state: State; said?: string }): void {
    for (const name of this.#states.keys()) this.#states.set(name, now);
    this.#write();
  }

  #note(name: string, now: { state: State; said?: string }): void {
    this.#states.set(name, now);
    this.#write();
  }

  /** For people and other programs; a full disk must not end what runs. */
  #write(): void {
    const { application, ports, outputDir } = this.#place;
    const services = [...this.#states].map(([name, now]) => ({ name, ...now, port: ports[name] }));
    const isOpen = this.#states.get(WEB)?.state === 'ready';
    const url = isOpen ? webAddress(application, ports) : undefined;
    const at = isoUtc(this.#tools.clock.now());
    const now = { v: 1, at, worker: process.pid, startTicks: this.#startTicks, services, url };
    try {
      writeUnsynced(join(outputDir, 'now.json'), `${JSON.stringify(now)}\n`);
    } catch {
      // The next change writes it again.
    }
  }
}
