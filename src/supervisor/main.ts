import '../base/quick-schemas.ts';

import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isoUtc, systemClock } from '../base/clock.ts';
import { systemHost } from '../base/host.ts';
import { supervisorPaths } from '../providers/starting/supervisor-folder.ts';
import { runSupervisor } from './run-supervisor.ts';

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
