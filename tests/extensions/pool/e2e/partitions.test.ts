import { cp, rename, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { eventually } from '../../../support/eventually.ts';
import { expectOneChain, isAtWork, isDone, lostOn, NOTED, poolOf, untilView } from './machines.ts';

const isFurther = (view: SessionView) => isAtWork(view) && view.state.progress.totalIterations > 4;

/** Its worker records that it leaves after the session is done. */
const isAtRest = (view: SessionView) => isDone(view) && view.worker === 'none';

test.concurrent('when an old copy of a disk is restored, the session continues from the published state, and the old copy is moved aside', async () => {
  await using pool = await poolOf(1, NOTED);
  const [machine] = pool.machines;
  await pool.startOn(machine);
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

test.concurrent('when a ref is deleted, its agent ends, pool status shows how to restore it, and the session then continues', async () => {
  await using pool = await poolOf(1, NOTED);
  const [machine] = pool.machines;
  const { git, path: cwd, homeDir: home } = machine.repo;
  await pool.startOn(machine);
  await untilView(machine, isAtWork, 'work');
  const ref = await git(['for-each-ref', '--format=%(refname)', 'refs/samocode/pool/sessions'], pool.url);
  await git(['update-ref', '-d', ref], pool.url);
  await untilView(machine, ({ worker }) => worker === 'unknowable', 'the end of its agent');
  const status = async () => (await typed(['pool', 'status'], { cwd, home })).stdout;
  const restoring = await eventually(
    async () => /push <remote of the pool> (\S+)"/.exec(await status())?.[1],
  );
  await git(['push', '--quiet', pool.url, restoring ?? '']);
  await expectOneChain(await untilView(machine, isDone, 'the session as done'));
});

test.concurrent('a machine that is cut off works on without a database, and publishes it afterwards', async () => {
  await using pool = await poolOf(2, NOTED);
  const [one, other] = pool.machines;
  await pool.startOn(one);
  await untilView(one, isAtWork, 'work');
  one.network.become('refuses');
  const { state } = await untilView(one, isAtRest, 'the session as done without the remote');
  const [before] = await other.views();
  expect(before?.state.n).toBeLessThan(state.n);
  one.network.become('forwards');
  const shown = await untilView(other, isDone, 'what was published of that');
  expect(shown.state.n).toBe(state.n);
});
