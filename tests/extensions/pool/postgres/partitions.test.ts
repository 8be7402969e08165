import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { type PostgresServer, startPostgres } from '../../../support/postgres-server.ts';
import { supervisorPids } from '../../../support/supervisors.ts';
import {
  atWork,
  eventsOf,
  isAtWork,
  isDone,
  type Machine,
  NOTED,
  poolOf,
  untilView,
} from '../e2e/machines.ts';

let server: PostgresServer;
let databases: [string, string];
beforeAll(async () => {
  server = await startPostgres();
  databases = [await server.database(), await server.database()];
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function timesAtWork({ repo }: Machine): Promise<number[]> {
  return (await readFile(join(repo.homeDir, 'at-work'), 'utf8')).trim().split('\n').map(Number);
}

const isElsewhere = (view: SessionView) => isDone(view) && view.worker === 'unknowable';
const chainOf = async (view: SessionView) => (await eventsOf(view)).map(({ n, type }) => [n, type]);
const lostOn = async ({ sessionsDir }: Machine) =>
  (await readdir(join(sessionsDir, '.run'))).filter((name) => name.includes('.lost-'));

test.concurrent('a machine that is cut off ends its agent before another one begins, and publishes nothing afterwards', async () => {
  await using pool = await poolOf(2, NOTED, { database: databases[0] });
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  for (const way of [first.network, first.toDatabase]) way?.become('holds');
  await untilView(second, isAtWork, 'work on the other machine');
  for (const way of [first.network, first.toDatabase]) way?.become('forwards');
  const done = await untilView(second, isDone, 'the session as done by the other machine');
  const shown = await untilView(first, isElsewhere, 'what was done meanwhile');
  expect(Math.max(...(await timesAtWork(first)))).toBeLessThan(Math.min(...(await timesAtWork(second))));
  expect(await chainOf(shown)).toEqual(await chainOf(done));
  expect((await chainOf(done)).map(([n]) => n)).toEqual((await chainOf(done)).map((_, index) => index + 1));
  expect(await lostOn(first)).toHaveLength(1);
});

test.concurrent('an agent ends when its supervisor hangs, and none of its work is published', async () => {
  await using pool = await poolOf(2, NOTED, { database: databases[1] });
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  const [pid = 0] = await supervisorPids(first.repo.homeDir);
  process.kill(pid, 'SIGSTOP');
  const done = await untilView(second, isDone, 'the session as done by the other machine');
  process.kill(pid, 'SIGCONT');
  const shown = await untilView(first, isElsewhere, 'what was done meanwhile');
  expect(Math.max(...(await timesAtWork(first)))).toBeLessThan(Math.min(...(await timesAtWork(second))));
  expect(await chainOf(shown)).toEqual(await chainOf(done));
  expect(await lostOn(first)).toHaveLength(1);
});
