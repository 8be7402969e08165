import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { BASE_ERRORS } from '../../core/kernel/base-errors.ts';
import { isoUtc, systemClock } from '../../core/kernel/clock.ts';
import { closeInherited } from '../../core/kernel/processes/close-inherited.ts';
import { endTree } from '../../core/kernel/processes/end-tree.ts';
import { systemHost } from '../../core/kernel/processes/host.ts';
import { removeAtOnce } from '../../core/project/git/remove-tree.ts';
import { CLEAR_AFTER, LaunchReason } from '../../core/sandbox/programs/launch-worker.ts';
import { SESSION_MARK } from '../../core/sandbox/programs/marks.ts';
import { runWorker } from '../../core/worker/loop/run-worker.ts';
import { useProviders } from '../extensions/providers.ts';
import { useApplicationRunner } from '../extensions/runner.ts';
import { useSessionExtensions } from '../extensions/worker.ts';

export async function workerMain(): Promise<void> {
  closeInherited();
  // Its log may lie on the disk for which it waits.
  process.stderr.on('error', () => undefined);
  useProviders();
  useApplicationRunner();
  useSessionExtensions();
  const [program = '', sessionsDir, folder, wake] = process.argv.slice(1);
  if (sessionsDir === CLEAR_AFTER) return await clearAfter(process.argv.slice(3));
  if (sessionsDir === undefined || folder === undefined) {
    process.stderr.write('usage: worker SESSIONS FOLDER [WHY] (it is started by samocode, not by hand)\n');
    process.exit(2);
  }
  try {
    await runWorker({
      sessionsDir,
      folder,
      wake: wake === undefined ? undefined : LaunchReason.parse(JSON.parse(wake)),
      clock: systemClock,
      host: await systemHost(),
      env: process.env,
      rehearsalProgram: join(dirname(program), 'samocode-rehearsal.cjs'),
      supervisorProgram: join(dirname(program), 'supervisor.cjs'),
    });
  } catch (error) {
    // Another worker has the session now: nothing to report.
    if (!BASE_ERRORS.lease_lost.is(error)) {
      const text = error instanceof Error ? error.stack : String(error);
      process.stderr.write(`${isoUtc(systemClock.now())} worker ${process.pid} ended: ${text}\n`);
      process.exitCode = 1;
    }
  }
  // A watch that chokidar opens after it was closed would keep the process alive.
  process.exit();
}

/**
 * Waits until the program that started this one exits, then ends all processes with its marker and removes its folders.
 */
async function clearAfter([value = '', ...folders]: readonly string[]): Promise<void> {
  process.stdin.resume();
  await once(process.stdin, 'close');
  const mark = { name: SESSION_MARK, value };
  await endTree(undefined, mark, { host: await systemHost(), clock: systemClock, graceMs: 300 });
  for (const each of folders) await removeAtOnce(each);
}
