import { spawn } from 'node:child_process';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeWhole } from '../src/core/kernel/files/atomic-file.ts';
import { type SessionPaths, sessionPaths } from '../src/core/session/layout/paths.ts';
import { CREATED, PREPARED, writeEvents } from '../tests/core/unit/session/events.ts';
import { type RawServer, startServer } from '../tests/support/raw-server.ts';
import { makeRepo, type TempRepo } from '../tests/support/temp-repo.ts';
import { type Bench, median, round } from './bench.ts';

const SESSIONS = 5;
const CHANGES_EACH = 120;
const GIVE_UP_MS = 5000;
const KINDS = ['overview', 'events', 'log', 'signal'] as const;

// Otherwise set by the bundler; read when a file is replaced.
Object.assign(globalThis, { __FAULTS__: false });

/** How soon a client that subscribed is notified of a change. */
export const updatedBench: Bench = {
  name: 'updated',
  title: 'Resource updates',
  about: `from a change on disk to resources/updated: ${SESSIONS} sessions at once, ${SESSIONS * CHANGES_EACH} changes, a third of a core busy`,
  means: {
    p50Ms: 'ms: median; 0 means that the client was notified before the write returned',
    p99Ms: 'ms: 99th percentile',
    maxMs: 'ms: maximum',
    missed: 'changes without a notification',
  },
  async run() {
    await using repo = await makeRepo();
    const sessions = await writeSessions(repo);
    const server = await startServer({ cwd: repo.path, env: repo.env });
    const load = spawn(process.execPath, ['-e', BUSY], { stdio: 'ignore' });
    try {
      const hear = await subscribeAll(server, sessions);
      const times = (await Promise.all(sessions.map((paths) => changeOften(paths, hear)))).flat();
      const heard = times.filter((ms) => ms !== undefined).sort((a, b) => a - b);
      const at = (share: number) => heard[Math.ceil(heard.length * share) - 1] ?? Number.NaN;
      return {
        values: {
          p50Ms: round(median(heard)),
          p99Ms: round(at(0.99)),
          maxMs: round(at(1)),
          changes: times.length,
          missed: times.length - heard.length,
        },
        goals: [
          { value: 'p99Ms', atMost: 250 },
          { value: 'missed', atMost: 0 },
        ],
      };
    } finally {
      load.kill('SIGKILL');
      server.child.stdin?.end();
      await server.ended;
    }
  },
};

const BUSY = 'setInterval(() => { for (const end = Date.now() + 3; Date.now() < end; ); }, 10)';

async function writeSessions(repo: TempRepo): Promise<SessionPaths[]> {
  const folder = join(repo.path, '_samocode');
  const sessionsDir = join(folder, 'sessions');
  await mkdir(join(folder, 'worktrees'), { recursive: true });
  const lines = { MAIN_REPO: '.', WORKTREES: '_samocode/worktrees', SESSIONS: '_samocode/sessions' };
  await repo.write({
    '.samocode': Object.entries(lines)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  });
  return await Promise.all(
    Array.from({ length: SESSIONS }, async (_, index) => {
      const paths = sessionPaths(sessionsDir, `26-01-08-s${index}`);
      await writeEvents(paths, [CREATED, PREPARED]);
      await mkdir(paths.sessionDir, { recursive: true });
      for (const path of [paths.overview, paths.sessionLog, paths.signal]) await writeFile(path, '');
      return paths;
    }),
  );
}

/** Resolves with the time of the next `updated` of a resource; undefined if none arrives. */
type Hear = (uri: string) => Promise<number | undefined>;

async function subscribeAll(server: RawServer, sessions: readonly SessionPaths[]): Promise<Hear> {
  const waiting = new Map<string, (at: number) => void>();
  server.onNotification(({ params }) => waiting.get(params?.uri ?? '')?.(performance.now()));
  for (const { folder } of sessions) {
    for (const kind of KINDS) await server.request('resources/subscribe', { uri: uriOf(folder, kind) });
  }
  await server.request('resources/subscribe', { uri: 'samocode://sessions' });
  return async (uri) =>
    await Promise.race([
      new Promise<number>((resolve) => waiting.set(uri, resolve)),
      pause(GIVE_UP_MS, undefined, { ref: false }),
    ]);
}

async function changeOften(paths: SessionPaths, hear: Hear): Promise<(number | undefined)[]> {
  const times: (number | undefined)[] = [];
  for (let index = 0; index < CHANGES_EACH; index += 1) {
    // Some changes fall into the pause after the previous one, some do not.
    await pause(Math.random() * 120);
    const kind = KINDS[index % KINDS.length] ?? 'log';
    const heard = hear(uriOf(paths.folder, kind));
    await change(paths, kind, index);
    const changedAt = performance.now();
    const at = await heard;
    // The notification may arrive before the write returns.
    times.push(at === undefined ? undefined : Math.max(0, at - changedAt));
  }
  return times;
}

async function change(paths: SessionPaths, kind: (typeof KINDS)[number], index: number): Promise<void> {
  switch (kind) {
    case 'overview':
      return void (await writeWhole(paths.overview, `# ${index}\n`));
    case 'events':
      return await appendFile(paths.events, '{}\n');
    case 'log':
      return await appendFile(paths.sessionLog, 'a line\n');
    case 'signal':
      return await writeFile(paths.signal, `{"status":"continue","n":${index}}`);
    default:
      return kind satisfies never;
  }
}

function uriOf(folder: string, kind: string): string {
  return `samocode://sessions/${folder}/${kind}`;
}
