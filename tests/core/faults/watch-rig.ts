import { dirname, join } from 'node:path';
import { watchOver } from '../../../src/core/sandbox/programs/launch-supervisor.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { SUPERVISED } from '../../support/supervisors.ts';

/** Starts a supervisor if none runs, like a person's command, a worker that parks or a server's timer. */
export async function watch(rig: SessionRig, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { host, clock, home, programs, ...context } = rig.context();
  const program = join(dirname(programs.worker), 'supervisor.cjs');
  const { sessionsDir } = rig.paths;
  await watchOver({
    program,
    env: { ...context.env, ...SUPERVISED, ...env },
    home,
    host,
    clock,
    sessionsDir,
  });
}
