import { cp, rename, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { sharedPostgres } from '../../../support/postgres-server.ts';
import { expectOneChain, isAtWork, isDone, lostOn, NOTED, poolOf, untilView } from './machines.ts';

const server = sharedPostgres();

const isFurther = (view: SessionView) => isAtWork(view) && view.state.progress.totalIterations > 4;

test('when an old copy of a disk is restored, the session continues from the published state, and the old copy is moved aside', async () => {
  await using pool = await poolOf(1, NOTED, server);
  const [machine] = pool.machines;
  await pool.start(machine);
  await untilView(machine, isAtWork, 'work');
  await machine.die();
  const before = `${machine.path}.before`;
  await cp(machine.path, before, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  await machine.comeBack();
  const { state } = await untilView(machine, isFurther, 'more work');
  await machine.die();
  await rm(machine.path, { recursive: true });
  await rename(before, machine.path);
  await machine.comeBack();
  const done = await untilView(machine, isDone, 'the session as done');
  expect(done.state.n).toBeGreaterThan(state.n);
  expect(await lostOn(machine)).toHaveLength(1);
});

test('when all refs of a pool are deleted, a machine at work publishes its session again', async () => {
  await using pool = await poolOf(2, NOTED, server);
  const [one, other] = pool.machines;
  await pool.start(one);
  await untilView(other, ({ state }) => state.progress.totalIterations > 1, 'what was published');
  for (const ref of await pool.refs()) await one.repo.git(['update-ref', '-d', ref], pool.url);
  await one.repo.git(['gc', '--quiet', '--prune=now'], pool.url);
  const done = await untilView(one, isDone, 'the session as done on the first machine');
  await expectOneChain(done, await untilView(other, isDone, 'the session as done on the second'));
});
