import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { removeMachine } from '../../../../src/extensions/pool/acts/administer.act.ts';
import type { PoolSession } from '../../../../src/extensions/pool/acts/status.act.ts';
import { requireHeldBy } from '../../../../src/extensions/pool/membership/require-held.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { eventually } from '../../../support/eventually.ts';
import { query, sharedPostgres } from '../../../support/postgres-server.ts';
import { startSession } from '../../../support/start-session.ts';
import { supervisorPids } from '../../../support/supervisors.ts';
import { IDENTITY } from '../../../support/temp-repo.ts';
import {
  atWork,
  expectOneChain,
  isAtWork,
  isDone,
  isElsewhere,
  lostOn,
  type Machine,
  NOTED,
  poolOf,
  QUICK,
  untilView,
  WORK,
} from '../e2e/machines.ts';

const server = sharedPostgres();

test('another machine goes on when the first one dies, and the restart of the server disturbs nobody', async () => {
  await using pool = await poolOf(2, WORK, server);
  const [one] = pool.machines;
  await pool.start(one);
  const [first, second] = await atWork(pool);
  await server.restart();
  await first.die();
  await expectOneChain(await untilView(second, isDone, 'the session as done by the other machine'));
});

test('work continues while the remote is unreachable, and is published afterwards', async () => {
  await using pool = await poolOf(2, WORK, server);
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  first.network.become('refuses');
  const iterationsOf = ({ state }: SessionView) => state.progress.totalIterations;
  const { state } = await untilView(first, (view) => iterationsOf(view) > 4, 'work without the remote');
  const [shown] = await second.views();
  expect(shown && iterationsOf(shown)).toBeLessThan(state.progress.totalIterations);
  first.network.become('forwards');
  await untilView(first, isDone, 'the session as done where it was');
  await untilView(second, isDone, 'what was published of that');
});

test('while the database accepts nothing, agents end before their leases, and their sessions then continue where they were', async () => {
  await using pool = await poolOf(1, NOTED, server);
  const [machine] = pool.machines;
  await pool.start(machine);
  await untilView(machine, isAtWork, 'work');
  // Asked from another one, which it does not make read-only.
  const elsewhere = await server.database();
  const name = new URL(pool.database).pathname.slice(1);
  const reconnected = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`;
  await query(elsewhere, `alter database ${name} set default_transaction_read_only = on`);
  await query(elsewhere, reconnected);
  await untilView(machine, ({ worker }) => worker === 'unknowable', 'the end of its agent');
  await query(elsewhere, `alter database ${name} reset default_transaction_read_only`);
  await query(elsewhere, reconnected);
  const done = await untilView(machine, isDone, 'the session as done where it was');
  await expectOneChain(done);
  expect(await lostOn(machine)).toEqual([]);
});

test('a session goes on whatever somebody without a login does to its refs, which are said and left alone', async () => {
  await using pool = await poolOf(2, WORK, server);
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  await untilView(second, ({ state }) => state.progress.totalIterations > 1, 'what was published');
  const { git } = first.repo;
  const forged = await git([...IDENTITY, 'commit-tree', '-m', 'forged', 'HEAD^{tree}'], pool.url);
  for (const ref of await pool.refs()) await git(['update-ref', ref, forged], pool.url);
  const done = await untilView(first, isDone, 'the session as done where it was');
  await expectOneChain(done, await untilView(second, isDone, 'the session as done elsewhere'));
  expect(done.state.workedOn).toEqual([first.name]);
  const place = { cwd: first.repo.path, home: first.repo.homeDir };
  expect((await typed(['pool', 'status'], place)).stdout).toContain(
    `Somebody has moved it to ${forged.slice(0, 12)}`,
  );
  const tips = await git(['for-each-ref', '--format=%(objectname)', 'refs/samocode/pool/'], pool.url);
  expect(tips.split('\n')).toContain(forged);
});

test('pool status shows its machines, its sessions, and one that no machine can take', async () => {
  await using pool = await poolOf(2, QUICK, server);
  const [one, other] = pool.machines;
  await pool.start(one);
  await untilView(other, isDone, 'the session as done');
  await untilView(one, isDone, 'the session as done on the first machine');
  const codex = join(one.repo.root, 'codex');
  await writeFile(codex, '#!/bin/sh\necho codex-cli 0.169.0\n', { mode: 0o755 });
  await one.die();
  const env = { ...one.context.env, CODEX_PATH: codex, SAMOCODE_SUPERVISOR: 'off' };
  const asked = { dive: 'Who sails?', name: 'crew', where: 'pool', settings: { provider: 'codex' } } as const;
  await startSession(asked, { ...one.context, env });
  // No machine that looks for it finds it.
  await rm(codex);
  await one.comeBack();
  const lacking = ({ lease }: SessionView) => lease?.unmetRequirements?.join() === 'codex';
  await untilView(one, lacking, 'what is lacking on the first machine');
  await untilView(other, lacking, 'what is lacking on the second');
  const place = { cwd: other.repo.path, home: other.repo.homeDir };
  const { machines, sessions, problems } = JSON.parse(
    (await typed(['pool', 'status', '--json'], place)).stdout,
  );
  expect(machines.map(({ name }: { name: string }) => name).sort()).toEqual(['machine-1', 'machine-2']);
  expect(problems).toEqual([]);
  expect(
    sessions.map(({ host, state }: PoolSession & { state: string }) => [state, host?.slice(0, 8)]).sort(),
  ).toEqual([
    ['done', 'machine-'],
    ['waits for a host with codex', undefined],
  ]);
  const words = (await typed(['pool'], place)).stdout;
  expect(words).toMatch(/hull +machine-[12] +done +iteration \d+ +published \d+ (?:s|min) ago\n/);
});

test('two machines with two places each do five sessions, also while they show those of each other', {
  timeout: 1_500_000,
}, async () => {
  await using pool = await poolOf(2, WORK, server, { lines: { MAX_PARALLEL: '2' } });
  const [one, other] = pool.machines;
  for (const number of [1, 2, 3, 4, 5]) await pool.start(number % 2 === 0 ? one : other, `hull-${number}`);
  const allDone = (machine: Machine) =>
    eventually(async () => (await machine.views()).filter(isDone).length === 5, {
      what: 'five sessions as done',
      withinMs: 1_200_000,
    });
  await Promise.all([allDone(one), allDone(other)]);
  const own = await Promise.all(pool.machines.map((machine) => machine.views()));
  const held = own.map((views) =>
    views.filter(({ worker }) => worker !== 'unknowable').map(({ folder }) => folder),
  );
  expect(held.flat().sort()).toEqual((own[0] ?? []).map(({ folder }) => folder).sort());
  expect(held.filter((folders) => folders.length === 0)).toEqual([]);
});

test('the agent of a removed machine ends, it starts none when it comes back, and another machine continues its session', async () => {
  await using pool = await poolOf(2, WORK, server);
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  const [view] = await first.views();
  const removal = { database: pool.database, login: first.login };
  expect(await removeMachine(removal, second.context)).toEqual([view?.folder]);
  await untilView(first, ({ worker }) => worker !== 'alive', 'the end of the work on the removed machine');
  const place = { cwd: first.repo.path, home: first.repo.homeDir };
  const says = async () => (await typed(['pool', 'status'], place)).stdout;
  await eventually(async () => (await says()).includes('The database does not admit its login'));
  const asked = { file: view?.sessionFile as SessionFile, paths: (view as SessionView).paths };
  await expect(requireHeldBy(asked, first.context)).rejects.toMatchObject({ code: 'pool_removed' });
  await first.die();
  await first.comeBack();
  await untilView(second, isDone, 'the session as done by the other machine');
  expect((await first.views()).map(({ worker }) => worker)).toEqual(['unknowable']);
});

async function timesAtWork({ repo }: Machine): Promise<number[]> {
  return (await readFile(join(repo.homeDir, 'at-work'), 'utf8')).trim().split('\n').map(Number);
}

test.concurrent('a machine that is cut off ends its agent before another one begins, and publishes nothing afterwards', async () => {
  await using pool = await poolOf(2, NOTED, server);
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  for (const way of [first.network, first.toDatabase]) way.become('holds');
  await untilView(second, isAtWork, 'work on the other machine');
  for (const way of [first.network, first.toDatabase]) way.become('forwards');
  const done = await untilView(second, isDone, 'the session as done by the other machine');
  const shown = await untilView(first, isElsewhere, 'what was done meanwhile');
  expect(Math.max(...(await timesAtWork(first)))).toBeLessThan(Math.min(...(await timesAtWork(second))));
  await expectOneChain(done, shown);
  expect(await lostOn(first)).toHaveLength(1);
});

test.concurrent('an agent ends when its supervisor hangs, and none of its work is published', async () => {
  await using pool = await poolOf(2, NOTED, server);
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  const [pid = 0] = await supervisorPids(first.repo.homeDir);
  process.kill(pid, 'SIGSTOP');
  const done = await untilView(second, isDone, 'the session as done by the other machine');
  process.kill(pid, 'SIGCONT');
  const shown = await untilView(first, isElsewhere, 'what was done meanwhile');
  expect(Math.max(...(await timesAtWork(first)))).toBeLessThan(Math.min(...(await timesAtWork(second))));
  await expectOneChain(done, shown);
  expect(await lostOn(first)).toHaveLength(1);
});
