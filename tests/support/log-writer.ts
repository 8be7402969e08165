// A separate process that owns a session's log and appends to it, over node's IPC channel or until it fails.
import { systemClock } from '../../src/core/kernel/clock.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../src/core/kernel/processes/lease.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';
import { EventWriter } from '../../src/core/session/log/event-writer.ts';

/** Its report after each append: the number of the newest event on disk, and the name of the error. */
export interface Appended {
  n: number;
  error?: string;
}

const [sessionsDir = '', folder = ''] = process.argv.slice(2);
const paths = sessionPaths(sessionsDir, folder);
const lease = await acquireLease(paths.leases, { host: await systemHost(), clock: systemClock });
const writer = await EventWriter.open(paths, lease, systemClock);

async function append(): Promise<Appended> {
  try {
    await writer.append({ type: 'notice', code: 'c', text: '-'.repeat(300) });
    return { n: writer.state.n };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { n: writer.state.n, error: code };
  }
}

if (process.send) {
  process.on('message', () => void append().then((reply) => process.send?.(reply)));
  process.on('disconnect', () => process.exit());
  process.send({ n: writer.state.n } satisfies Appended);
} else {
  let reply: Appended;
  do reply = await append();
  while (reply.error === undefined);
  // The disk stays full, and the log stays unchanged.
  const again = await append();
  process.stdout.write(JSON.stringify({ reply, again }));
  process.exit();
}
