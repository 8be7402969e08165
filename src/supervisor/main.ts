import '../base/quick-schemas.ts';

import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isoUtc, systemClock } from '../base/clock.ts';
import { systemHost } from '../base/host.ts';
import { supervisorPaths } from '../providers/starting/supervisor-folder.ts';
import { runSupervisor } from './run-supervisor.ts';

// It lives for days and mostly waits: no compilers that make hot code faster, and a nursery that stays small.
setImmediate(() => {
  // Node 22 hands out its modules from 22.3 on; an older one does without what only saves.
  const v8 = process.getBuiltinModule?.('node:v8');
  for (const flag of ['--no-turbofan', '--no-maglev', '--semi-space-growth-factor=1'])
    v8?.setFlagsFromString(flag);
});

void main();

/** The background program: `samocode supervisor` runs the same in a terminal. */
async function main(): Promise<void> {
  const [program = ''] = process.argv.slice(1);
  const host = await systemHost();
  const home = homedir();
  const paths = supervisorPaths(home, host);
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ended.abort());
  const say = (text: string) => process.stderr.write(`${isoUtc(systemClock.now())} ${process.pid} ${text}\n`);
  const programs = { worker: join(dirname(program), 'worker.cjs'), supervisor: program };
  // On a full disk there is nothing to say it with.
  process.stderr.on('error', () => undefined);
  const { env } = process;
  const revives = env.SAMOCODE_REVIVE !== 'off';
  try {
    await runSupervisor(
      { paths, identity: paths.identity, clock: systemClock, host, home, env, programs, revives, say },
      { signal: ended.signal, stays: process.argv.includes('--stay') },
    );
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
}
