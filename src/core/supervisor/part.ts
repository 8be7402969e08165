import type { ActionContext } from '../caller/context/context.ts';
import { newRegistry } from '../kernel/registry.ts';
import { environmentOfSessions } from '../sandbox/programs/login-shell.ts';
import { BY_SETTINGS } from '../session/commands/judge-running.ts';
import type { Scan } from './scan.ts';
import type { Supervisor } from './supervisor.ts';

export interface SupervisorPart {
  /**
   * Does what is due; longer work is started and not awaited. Reports failures to the scan and throws none.
   * @returns the latest time of the next call, in monotonic milliseconds
   */
  poll(): Promise<number>;
  /** Whether the supervisor keeps running for it although no session works or waits. */
  keepsAlive(): boolean;
  /** Aborts what is in progress and waits for it. */
  end(): Promise<void>;
}

export type NewPart = (supervisor: Supervisor, scan: Scan) => SupervisorPart;

/** In the order in which they are polled. */
export const supervisorParts = newRegistry<NewPart>('supervisor parts');

/** Login shells can be slow: the polls of all parts share one for this time. */
const SHARED_MS = 50_000;
const shared = new WeakMap<Supervisor, { atMs: number; context: Promise<ActionContext> }>();

/** Uses a login environment, as workers do: tokens and proxies can be set in a start-up file of the shell. */
export async function contextOfPart(supervisor: Supervisor): Promise<ActionContext> {
  const { clock, host, home, programs, env: own } = supervisor;
  const now = clock.monotonic();
  const before = shared.get(supervisor);
  if (before !== undefined && now - before.atMs <= SHARED_MS) return await before.context;
  const context = environmentOfSessions(own, home).then((env) => ({
    ...{ clock, host, env, home, cwd: home, by: BY_SETTINGS, programs },
  }));
  const entry = { atMs: now, context };
  shared.set(supervisor, entry);
  // No process could be created: the next call tries again.
  context.catch(() => shared.get(supervisor) === entry && shared.delete(supervisor));
  return await context;
}
