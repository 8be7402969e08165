import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { acquireLease, type OwnedLease } from '../../src/core/kernel/processes/lease.ts';
import type { NewEvent } from '../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { readLog } from '../../src/core/session/log/event-log.ts';
import { EventWriter } from '../../src/core/session/log/event-writer.ts';
import { entryOf, hostWith } from './hosts.ts';
import { tempDir } from './temp-dir.ts';

/** The run folder of a session, which contains only what a test writes. */
export interface TempLog extends AsyncDisposable {
  paths: SessionPaths;
  /** Writes the content of the log. */
  overwrite(text: string | Uint8Array): Promise<void>;
  bytes(): Promise<Buffer>;
  lines(): Promise<string[]>;
  /**
   * Takes the lease, as if its owner in this process were dead, and opens the log for writing. `takeOver`: with a
   * person's confirmation, from a running process.
   */
  open(options?: { takeOver?: boolean }): Promise<{ writer: EventWriter; lease: OwnedLease }>;
}

export async function tempLog(): Promise<TempLog> {
  const dir = await tempDir('samocode-log-');
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const bytes = () => readFile(paths.events);
  const opened: EventWriter[] = [];
  return {
    paths,
    overwrite: (text) => writeFile(paths.events, text),
    bytes,
    lines: async () => (await bytes()).toString('utf8').split('\n').slice(0, -1),
    async open({ takeOver = false } = {}) {
      // This process's pid, as if it had been reused since the previous owner.
      const host = hostWith([entryOf(process.pid, { startTicks: `owner ${opened.length}` })]);
      const above = (await readLog(paths))?.state.lease ?? 0;
      const lease = await acquireLease(paths.leases, {
        host,
        clock: systemClock,
        above,
        within: paths.runDir,
        takeUnknowable: takeOver,
      });
      const writer = await EventWriter.open(paths, lease, systemClock);
      opened.push(writer);
      return { writer, lease };
    },
    async [Symbol.asyncDispose]() {
      for (const writer of opened) writer[Symbol.dispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

export function notice(text: string): NewEvent {
  return { type: 'notice', code: 'test', text };
}
