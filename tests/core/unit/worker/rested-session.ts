import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import type { LaunchReason } from '../../../../src/core/sandbox/programs/launch-worker.ts';
import { type Command, leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { runWorker } from '../../../../src/core/worker/loop/run-worker.ts';
import { entryOf, hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { CREATED, PREPARED, writeEvents } from '../session/events.ts';

/** A session without a worker and without a supervisor, and workers for it. */
export interface RestedSession extends AsyncDisposable {
  paths: SessionPaths;
  /** Runs a worker until it has left; leases see it as a separate process. */
  work(given?: { clock?: Clock; wake?: LaunchReason }): Promise<void>;
  leave(command: { kind: 'stop'; when: 'now' } | { kind: 'message'; text: string }): Promise<void>;
  view(): Promise<SessionView>;
  /** The events since it came to rest. */
  events(): Promise<SessionEvent[]>;
}

/** @param rest the events with which it came to rest after it was prepared */
export async function restedSession(...rest: NewEvent[]): Promise<RestedSession> {
  const dir = await tempDir();
  const paths = sessionPaths(join(dir.path, 'sessions'), '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED, ...rest]);
  await mkdir(paths.sessionDir, { recursive: true });
  let workers = 0;
  return {
    paths,
    async work({ clock = systemClock, wake = {} } = {}) {
      const { sessionsDir, folder } = paths;
      workers += 1;
      const host = hostWith([entryOf(process.pid, { startTicks: `worker ${workers}` })]);
      const env = { HOME: dir.path, PATH: process.env.PATH, SAMOCODE_SUPERVISOR: 'off' };
      const programs = { rehearsalProgram: 'none', supervisorProgram: 'none' };
      await runWorker({ sessionsDir, folder, clock, host, env, wake, ...programs });
    },
    async leave(command) {
      await mkdir(paths.commands, { recursive: true });
      const at = '2026-01-08T10:00:00.000Z';
      const by = { channel: 'cli' };
      await leaveCommand(paths, { v: 1, id: ulid(), by, at, ...command } as Command);
    },
    async view() {
      const view = await readSession(paths, hostWith([]));
      if (view === undefined) throw new Error('There is no session.');
      return view;
    },
    events: () => readEvents(paths, 2 + rest.length),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
