import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { readHolding } from '../../src/base/lease.ts';
import { readEvents } from '../../src/session/event-log.ts';
import type { NewEvent } from '../../src/session/events.ts';
import { type SessionPaths, sessionPaths } from '../../src/session/paths.ts';
import { readSession } from '../../src/session/status.ts';
import { runWorker } from '../../src/worker/run-worker.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from '../session/events.ts';
import { fullDisk } from '../support/failing-disk.ts';
import { entryOf, hostWith } from '../support/hosts.ts';
import { tempDir } from '../support/temp-dir.ts';

const WAITS: NewEvent = { ...ASKING, flow: 'Waiting for answers: Q1' } as NewEvent;

/** A session that waits and whose worker has left, and workers for it, each a process of its own. */
async function waiting(...before: NewEvent[]) {
  const dir = await tempDir();
  const paths = sessionPaths(join(dir.path, 'sessions'), '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED, ...before, WAITS]);
  await mkdir(paths.sessionDir, { recursive: true });
  let started = 0;
  return {
    paths,
    /** Returns when the worker has left. */
    async work(clock: Clock = systemClock) {
      const { sessionsDir, folder } = paths;
      started += 1;
      const host = hostWith([entryOf(process.pid, { startTicks: `worker ${started}` })]);
      const env = { HOME: dir.path, PATH: process.env.PATH, SAMOCODE_SUPERVISOR: 'off' };
      const programs = { rehearsalProgram: 'none', supervisorProgram: 'none' };
      await runWorker({ sessionsDir, folder, clock, host, env, ...programs });
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const typesOf = async ({ events }: SessionPaths) => (await readEvents(events, 0)).map(({ type }) => type);

test('the worker of a session that waits leaves, and says why', async () => {
  await using session = await waiting();
  const { paths } = session;
  await session.work();
  expect(await readEvents(paths.events, 3)).toMatchObject([
    { type: 'worker_took_over' },
    { type: 'worker_left', why: 'waiting' },
  ]);
  expect(await readHolding(paths.leases, hostWith([]))).toMatchObject({ kind: 'released' });
});

test('a worker writes every line that the ones before it could not write', async () => {
  const notices = Array.from(
    { length: 60 },
    (_, index): NewEvent => ({
      type: 'notice',
      code: 'test',
      text: `Notice ${index}.`,
      flow: `Flow ${index}`,
    }),
  );
  await using session = await waiting(...notices);
  const { paths } = session;
  await writeFile(paths.sessionLog, '[01-08 10:00] session created (#1)\n');
  await session.work();
  const log = await readFile(paths.sessionLog, 'utf8');
  expect(notices.filter((_, index) => !log.includes(`Notice ${index}.`))).toEqual([]);
  const overview = await readFile(paths.overview, 'utf8');
  expect(overview).toContain('Flow 59');
  expect(overview).toContain('Waiting for answers: Q1');
});

test('whichever write a full disk refuses first, a worker leaves, and the next one makes up for it', async () => {
  const refused: boolean[] = [];
  for (let atWrite = 1; refused.at(-1) !== false; atWrite += 1) {
    await using session = await waiting();
    const { paths } = session;
    await session.work();
    const { length } = await typesOf(paths);
    {
      using full = fullDisk({ atWrite, bytes: 0 });
      // Only what must be on disk before anything is done is waited for; a person frees it meanwhile.
      const sleep = async () => {
        expect(await typesOf(paths)).toHaveLength(length);
        full[Symbol.dispose]();
      };
      await session
        .work({ ...systemClock, sleep })
        .catch((error) => expect(error).toMatchObject({ code: 'ENOSPC' }));
      refused.push(full.failed());
    }
    await session.work();
    const view = await readSession(paths, hostWith([]));
    expect(view).toMatchObject({ worker: 'none', state: { status: { kind: 'waiting' } }, problems: [] });
    expect((await typesOf(paths)).at(-1)).toBe('worker_left');
    expect(await readFile(paths.overview, 'utf8')).toContain('Waiting for answers: Q1');
    expect(await readFile(paths.sessionLog, 'utf8')).toContain('waiting for qa_answers (#3)');
  }
  expect(refused.length).toBeGreaterThan(5);
});
