import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { isoUtc, systemClock } from '../../core/kernel/clock.ts';
import { closeInherited } from '../../core/kernel/processes/close-inherited.ts';
import { systemHost } from '../../core/kernel/processes/host.ts';
import { isOlder } from '../../core/kernel/versions.ts';
import { readPresence } from '../../core/sandbox/programs/supervisor-folder.ts';
import { runSupervisor, type SupervisorEnd } from '../../core/supervisor/run.ts';
import { newSupervisor, type Supervisor } from '../../core/supervisor/supervisor.ts';
import { useProviders } from '../extensions/providers.ts';
import { useActs, useSupervisorParts } from '../extensions/supervisor.ts';

/** The background program; `samocode supervisor` runs the same in a terminal. */
export async function supervisorMain(): Promise<void> {
  closeInherited();
  useProviders();
  useActs();
  useSupervisorParts();
  const [program = ''] = process.argv.slice(1);
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ended.abort());
  const say = (text: string) => process.stderr.write(`${isoUtc(systemClock.now())} ${process.pid} ${text}\n`);
  // On a full disk, the log cannot be written.
  process.stderr.on('error', () => undefined);
  const home = homedir();
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: process.env,
    home,
    cwd: home,
    by: { channel: 'cli' },
    programs: {
      worker: join(dirname(program), 'worker.cjs'),
      rehearsal: join(dirname(program), 'samocode-rehearsal.cjs'),
    },
  };
  const supervisor = newSupervisor(context, say);
  try {
    if (process.argv.includes('--stay')) await serve(supervisor, ended.signal);
    else await runSupervisor(supervisor, { signal: ended.signal });
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
  // A watch that chokidar opens after it was closed would keep the process alive.
  process.exit();
}

/** After these ends, the service manager restarts the service, perhaps with another program. */
const TRY_AGAIN: readonly SupervisorEnd[] = ['held', 'lost', 'program_replaced'];

/** As a service, takes over from a supervisor that would leave once nothing waits. */
async function serve(supervisor: Supervisor, signal: AbortSignal): Promise<void> {
  const { paths, host } = supervisor;
  const before = await readPresence(paths, host);
  const other = before.kind === 'watching' ? before.about?.version : undefined;
  const end = await runSupervisor(supervisor, { signal, stays: true });
  const isHeldByNewer = end === 'held' && other !== undefined && isOlder(__VERSION__, other);
  if (TRY_AGAIN.includes(end) && !isHeldByNewer) process.exitCode = 1;
}
