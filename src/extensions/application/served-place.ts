import type { Clock } from '../../core/kernel/clock.ts';
import type { Application, Ports } from '../../core/kernel/phases/application.ts';
import type { Mark } from '../../core/kernel/processes/end-tree.ts';
import type { Host } from '../../core/kernel/processes/host.ts';
import type { CheckEnd } from '../../core/project/proving/run-check.ts';

/** Who uses ports: a session, or checks outside of a worker. */
export interface PortOwner {
  /** The session's ULID, or the marker of the checks. */
  id: string;
  /** A file that exists as long as they are needed: `session.json`. */
  while: string;
  /** For messages: the session's folder. */
  name: string;
}

/** How a command starts at the session's level; the identity without a guard. */
export type Inside = (command: readonly string[]) => [string, ...string[]];

/** Where the services of an application run: the session's worktree, or a clone. Paths are absolute. */
export interface ServedPlace {
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
  /**
   * How a service is confined; absent without a guard.
   * @param serves the ports on which it listens, which a strict sandbox has to open inwards
   */
  insideFor?: ((serves: readonly number[]) => Inside) | undefined;
  /** A strict sandbox: the folder of the sockets through which its services are reached. */
  net?: string | undefined;
}

export interface ServiceTools {
  clock: Clock;
  host: Host;
  signal: AbortSignal;
}

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
