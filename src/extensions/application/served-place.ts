import type { Clock } from '../../core/kernel/clock.ts';
import type { Host } from '../../core/kernel/processes/host.ts';
import type { ServicesPlace } from '../../core/sandbox/application-runner.ts';

/** How a command starts at the session's level; the identity without a guard. */
export type Inside = (command: readonly string[]) => [string, ...string[]];

/** Where the services of an application run, and how they start there. */
export interface ServedPlace extends Omit<ServicesPlace, 'inside'> {
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
