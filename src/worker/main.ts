import { BASE_ERRORS } from '../base/base-errors.ts';
import '../base/quick-schemas.ts';

import { dirname, join } from 'node:path';
import { isoUtc, systemClock } from '../base/clock.ts';
import { systemHost } from '../base/processes/host.ts';
import { Wake } from '../providers/starting/launch-worker.ts';
import { runWorker } from './loop/run-worker.ts';

// A worker mostly waits for its agent, and forks for every git call, which takes longer the more memory it holds:
// no compilers that make hot code faster, and a nursery that stays small. Not on the command line: a name that a later
// V8 drops would be the end, and under other flags than its own Node compiles all of its modules anew.
// Beside the first wait for a file, since Node's module for it takes two milliseconds to load.
setImmediate(() => {
  // Node 22 hands out its modules from 22.3 on; an older one does without what only saves.
  const v8 = process.getBuiltinModule?.('node:v8');
  for (const flag of ['--no-turbofan', '--no-maglev', '--semi-space-growth-factor=1'])
    v8?.setFlagsFromString(flag);
});

void main();

async function main(): Promise<void> {
  const [program = '', sessionsDir, folder, wake] = process.argv.slice(1);
  if (sessionsDir === undefined || folder === undefined) {
    process.stderr.write('usage: worker SESSIONS FOLDER [WHY] (it is started by samocode, not by hand)\n');
    process.exit(2);
  }
  try {
    await runWorker({
      sessionsDir,
      folder,
      ...(wake !== undefined && { wake: Wake.parse(JSON.parse(wake)) }),
      clock: systemClock,
      host: await systemHost(),
      env: process.env,
      rehearsalProgram: join(dirname(program), 'samocode-rehearsal.cjs'),
      supervisorProgram: join(dirname(program), 'supervisor.cjs'),
    });
  } catch (error) {
    // Another worker has the session now: there is nothing to say.
    if (BASE_ERRORS.lease_lost.is(error)) return;
    const text = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`${isoUtc(systemClock.now())} worker ${process.pid} ended: ${text}\n`);
    process.exitCode = 1;
  }
}
