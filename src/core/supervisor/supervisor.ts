import type { ActionContext } from '../caller/context/context.ts';
import { supervisorProgram } from '../caller/context/supervision.ts';
import type { Clock } from '../kernel/clock.ts';
import { isSamocodeError } from '../kernel/errors.ts';
import type { Host } from '../kernel/processes/host.ts';
import { type SupervisorPaths, supervisorPaths } from '../sandbox/programs/supervisor-folder.ts';

/** Maximum time between two scans, regardless of the number of sessions. */
export const LONGEST_SCAN_GAP_MS = 60_000;

export interface Supervisor {
  readonly paths: SupervisorPaths;
  /** The name under which leases record the owner of a session. */
  readonly identity: string;
  readonly clock: Clock;
  readonly host: Host;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The built programs that it starts, including itself. */
  readonly programs: ActionContext['programs'] & { supervisor: string };
  /** Whether crashed sessions are continued: false with SAMOCODE_REVIVE=off. */
  readonly revives: boolean;
  readonly say: (text: string) => void;
}

/** The supervisor of this machine and user. @param say writes a line of its log */
export function newSupervisor(context: ActionContext, say: Supervisor['say']): Supervisor {
  const { clock, host, home, env, programs } = context;
  const paths = supervisorPaths(home, host);
  return {
    paths,
    identity: paths.identity,
    clock,
    host,
    home,
    env,
    say,
    programs: { ...programs, supervisor: supervisorProgram(programs) },
    revives: env.SAMOCODE_REVIVE !== 'off',
  };
}

export function describeFailure(error: unknown): string {
  if (isSamocodeError(error)) return `${error.what} ${error.why}`;
  return error instanceof Error ? error.message : String(error);
}
