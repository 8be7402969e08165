import type { Clock } from '../base/clock.ts';
import { isSamocodeError } from '../base/errors.ts';
import type { Host } from '../base/host.ts';
import type { SupervisorPaths } from '../providers/starting/supervisor-folder.ts';

/** What every part of a supervisor works with. */
export interface Supervisor {
  readonly paths: SupervisorPaths;
  /** By which leases name whose a session is. */
  readonly identity: string;
  readonly clock: Clock;
  readonly host: Host;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The built files that it starts, its own among them. */
  readonly programs: { worker: string; supervisor: string };
  /** Whether crashed sessions are continued: not with SAMOCODE_REVIVE=off. */
  readonly revives: boolean;
  /** A line for whoever reads its log. */
  readonly say: (text: string) => void;
}

export function describeFailure(error: unknown): string {
  if (isSamocodeError(error)) return `${error.what} ${error.why}`;
  return error instanceof Error ? error.message : String(error);
}
