import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import type { Application, Ports } from '../kernel/phases/application.ts';
import type { ProofFolders } from '../kernel/phases/proving.ts';
import type { Mark } from '../kernel/processes/end-tree.ts';
import type { Host } from '../kernel/processes/host.ts';
import type { CheckEnd } from '../project/proving/run-check.ts';
import type { ServesClone } from '../project/proving/run-on-clone.ts';
import type { ActiveGuard } from './probe-guard.ts';
import { SESSION_MARK } from './programs/marks.ts';

/** Reserves the ports of an application and runs its services. An extension implements it; core decides when, and what is recorded. */
export interface ApplicationRunner {
  /**
   * Reserves ports for an owner: those that it had before, else free ones.
   * @param set `base`: for checks on the base commit, which run beside agents
   * @throws ports_used_up
   */
  reserve(
    owner: PortOwner,
    wanted: { names: readonly string[]; set: 'own' | 'base' },
    tools: Tools,
  ): Promise<Ports>;
  release(owner: Pick<PortOwner, 'id'>, tools: Tools): Promise<void>;
  /** The ports on which services listen. The others stay free for what agents and checks start. */
  servedPorts(application: Application, ports: Ports): number[];
  /** The address that a person opens. */
  webAddress(application: Application, ports: Ports): string | undefined;
  /** The environment variables that SETUP, checks, agents and services get. @param at.data the folder of their data */
  variables(application: Application, at: { ports: Ports; data: string }): Record<string, string>;
  /** Starts the services in their order and waits until they are ready. @throws port_taken; nothing runs then */
  start(place: ServicesPlace, tools: Tools & { signal: AbortSignal }): Promise<RunningServices>;
}

interface Tools {
  clock: Clock;
  host: Host;
}

/** Who uses ports: a session, or checks outside of a worker. */
export interface PortOwner {
  /** The session's ULID, or the marker of the checks. */
  id: string;
  /** The ports stay reserved while this path exists: `session.json`. */
  while: string;
  /** For messages: the session's folder, or `checks`. */
  name: string;
}

/** Where the services of an application run: the session's worktree, or a clone. Paths are absolute. */
export interface ServicesPlace {
  application: Application;
  /** The worktree or the clone. */
  cwd: string;
  /** With the marker and the variables of the application. */
  env: Record<string, string>;
  ports: Ports;
  /** The folder of their data; made if it is missing. */
  data: string;
  /** For the output of each service, which paths in results are relative to `outputRoot`. */
  outputDir: string;
  outputRoot: string;
  /** The environment variable by which their processes are found if no guard holds them. */
  mark: Mark;
  /** The guard around the services, and the folders of the clone or of the session. */
  inside: { guard: ActiveGuard; folders: ProofFolders | SessionFolders } | undefined;
}

/** Folders of a session's sandbox: absolute paths without links. */
type SessionFolders = Record<'home' | 'tmp' | 'caches', string>;

export interface RunningServices {
  /** Of what failed: a service that did not get ready or that ended, and INIT. Empty if all of them run. */
  failures: CheckEnd[];
  /** Of the services that have ended since. */
  ended(): CheckEnd[];
  /** Called before they end in order to start again. */
  willRestart(): void;
  /** Ends them with everything that they started. Can be called again. */
  end(): Promise<void>;
}

declare module '../kernel/extension.ts' {
  interface Extension {
    application?(): Promise<ApplicationRunner>;
  }
}

/** The end of an agent, or of checks, ends all processes with their own mark; services have another one. */
export function servicesMark(value: string): Mark {
  return { name: SESSION_MARK, value: `${value}-services` };
}

/** The folder of the data in a clone: new each time, and removed with it. */
export function dataIn({ empty }: Pick<ProofFolders, 'empty'>): string {
  return join(empty, 'data');
}

export interface CloneServing
  extends Pick<ServicesPlace, 'application' | 'ports' | 'outputDir' | 'outputRoot'> {
  /** Of the commands in the clone. */
  mark: string;
  guard(): Promise<ActiveGuard | undefined>;
  /** The environment of the commands. */
  env(folders: ProofFolders): Promise<Record<string, string>>;
}

/** The services beside the commands on a clone; undefined if they do not run there. */
export function servesClone(
  runner: ApplicationRunner,
  { mark: ofCommands, guard: guardNow, env: envIn, ...given }: CloneServing,
  tools: Tools & { signal: AbortSignal },
): ServesClone | undefined {
  const { application, ports } = given;
  if (!application.in.includes('proof')) return undefined;
  return {
    isForSetup: application.in.includes('setup'),
    async start(folders, cwd) {
      const mark = servicesMark(ofCommands);
      const env = { ...(await envIn(folders)), [mark.name]: mark.value };
      const guard = await guardNow();
      const place = { ...given, cwd, env, mark, data: dataIn(folders), inside: guard && { guard, folders } };
      const running = await runner.start(place, tools);
      const { failures } = running;
      const url = runner.webAddress(application, ports);
      return { ports, url, failures, ended: () => running.ended(), end: () => running.end() };
    },
  };
}
