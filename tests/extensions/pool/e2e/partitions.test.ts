import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SessionView } from '../../../../src/core/session/events/session-view.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { eventually } from '../../../support/eventually.ts';
import { supervisorPids } from '../../../support/supervisors.ts';
import { atWork, eventsOf, isAtWork, isDone, type Machine, poolOf, untilView } from './machines.ts';

/** Each agent notes the time while it works. */
const NOTE = 'for i in 1 2 3 4 5 6 7 8 9 10; do date +%s%3N >> "$HOME/at-work"; sleep 0.1; done';
const NOTED = {
  paceMs: 0,
  rules: [{ do: [{ act: 'run', command: ['sh', '-c', NOTE] }, { act: 'normal' }] }],
};

async function timesAtWork({ repo }: Machine): Promise<number[]> {
  return (await readFile(join(repo.homeDir, 'at-work'), 'utf8')).trim().split('\n').map(Number);
}

const isFurther = (view: SessionView) => isAtWork(view) && view.state.progress.totalIterations > 4;
const isElsewhere = (view: SessionView) => isDone(view) && view.worker === 'unknowable';
const chainOf = async (view: SessionView) => (await eventsOf(view)).map(({ n, type }) => [n, type]);
const lostOn = async ({ sessionsDir }: Machine) =>
  (await readdir(join(sessionsDir, '.run'))).filter((name) => name.includes('.lost-'));

test.concurrent('a machine that is cut off ends its agent before another one begins, and publishes nothing afterwards', async () => {
  await using pool = await poolOf(2, NOTED);
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  first.network.become('holds');
  await untilView(second, isAtWork, 'work on the other machine');
  first.network.become('forwards');
  const done = await untilView(second, isDone, 'the session as done by the other machine');
  const shown = await untilView(first, isElsewhere, 'what was done meanwhile');
  expect(Math.max(...(await timesAtWork(first)))).toBeLessThan(Math.min(...(await timesAtWork(second))));
  expect(await chainOf(shown)).toEqual(await chainOf(done));
  expect((await chainOf(done)).map(([n]) => n)).toEqual((await chainOf(done)).map((_, index) => index + 1));
  expect(await lostOn(first)).toHaveLength(1);
});

test.concurrent('an agent ends when its supervisor hangs, and none of its work is published', async () => {
  await using pool = await poolOf(2, NOTED);
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

test.concurrent('when an old copy of a disk is restored, the session continues from the published state, and the old copy is moved aside', async () => {
  await using pool = await poolOf(1, NOTED);
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

test.concurrent('when a ref is deleted, its agent ends, pool status shows how to restore it, and the session then continues', async () => {
  await using pool = await poolOf(1, NOTED);
  const [machine] = pool.machines;
  const { git, path: cwd, homeDir: home } = machine.repo;
  await pool.start(machine);
  await untilView(machine, isAtWork, 'work');
  const ref = await git(['for-each-ref', '--format=%(refname)', 'refs/samocode/pool/sessions'], pool.url);
  await git(['update-ref', '-d', ref], pool.url);
  await untilView(machine, ({ worker }) => worker === 'unknowable', 'the end of its agent');
  const status = async () => (await typed(['pool', 'status'], { cwd, home })).stdout;
  const restoring = await eventually(
    async () => /push <remote of the pool> (\S+)"/.exec(await status())?.[1],
  );
  await git(['push', '--quiet', pool.url, restoring ?? '']);
  const events = await eventsOf(await untilView(machine, isDone, 'the session as done'));
  expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1));
});
