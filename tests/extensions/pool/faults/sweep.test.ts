import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { type Counts, type Point, sweep, sweepOf } from '../../../support/disk-sweep.ts';
import { sharedPostgres } from '../../../support/postgres-server.ts';
import { supervisorPids } from '../../../support/supervisors.ts';
import { expectOneChain, heldOn, isDone, lostOn, poolOf, untilView } from '../e2e/machines.ts';

const server = sharedPostgres();
/** Longer than it takes to start one. */
const RESTART_MS = 3000;
const WITHIN_MS = 600_000;

async function play(points: readonly Point[]): Promise<Counts> {
  await using pool = await poolOf(2, heldOn('machine-1'), server);
  const [one, other] = pool.machines;
  await other.die();
  const folder = await pool.start(one);
  await untilView(one, ({ state }) => state.openIteration?.iteration === 3, 'an agent that does not end');
  await one.die();
  const { repo, context } = other;
  const faults = sweepOf(other.path, ['supervisor.cjs'], points);
  await using _repairs = faults.repairedOnce(async () => true);
  // Not by launchSupervisor(), which gives it no LD_PRELOAD; its workers get none, as in a person's home.
  const program = join(dirname(context.programs.worker), 'supervisor.cjs');
  const env = { ...repo.env, ...faults.env };
  let startedAt = 0;
  for (const end = Date.now() + WITHIN_MS; ; await systemClock.sleep(200)) {
    const views = await other.views();
    if (views.some((view) => isDone(view) && view.worker === 'none')) break;
    expect(Date.now(), JSON.stringify(views.map(({ state }) => state.status))).toBeLessThan(end);
    if (Date.now() < startedAt + RESTART_MS || (await supervisorPids(repo.homeDir)).length > 0) continue;
    spawn(process.execPath, [program], { env, detached: true, stdio: 'ignore' }).unref();
    startedAt = Date.now();
  }
  const [done, ...more] = await other.views();
  expect(more).toEqual([]);
  expect(done).toMatchObject({ folder, problems: [] });
  if (done) await expectOneChain(done);
  expect(await lostOn(other)).toEqual([]);
  expect(await repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
  return faults.counts();
}

// What it renews while it works is more on a slow machine: these are the changes of the take.
sweep({ name: "a pool's take", changes: 300, rounds: 1, play });
