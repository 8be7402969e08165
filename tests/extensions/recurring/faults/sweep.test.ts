import { spawn } from 'node:child_process';
import { expect } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import { type Counts, type Point, sweep, sweepOf } from '../../../support/disk-sweep.ts';
import { supervisorPids } from '../../../support/supervisors.ts';
import { dueRun } from '../due-run.ts';

/** Longer than it takes to start one. */
const RESTART_MS = 3000;
const WITHIN_MS = 480_000;

async function play(points: readonly Point[]): Promise<Counts> {
  await using due = await dueRun();
  const { repo, context, sessionsDir, report } = due;
  const { home, host } = context;
  const faults = sweepOf(repo.root, ['supervisor.cjs'], points);
  // Not by launchSupervisor(), which gives it no LD_PRELOAD; its workers get none, as in a person's home.
  const startSupervisor = () =>
    spawn(process.execPath, [due.supervisor], {
      env: { ...repo.env, ...faults.env },
      detached: true,
      stdio: 'ignore',
    }).unref();
  await using _repairs = faults.repairedOnce(async () => (await due.report()) !== undefined);
  let startedAt = 0;
  for (const end = Date.now() + WITHIN_MS; ; await systemClock.sleep(200)) {
    const run = (await report())?.runs[0];
    // Archived by its worker, it is still to be seen by a supervisor.
    if (run?.archived && !run.archiving) break;
    expect(Date.now(), `its archive: ${JSON.stringify(await report())}`).toBeLessThan(end);
    // What the next act of a person or a new login does.
    if (Date.now() < startedAt + RESTART_MS || (await supervisorPids(home)).length > 0) continue;
    startSupervisor();
    startedAt = Date.now();
  }
  const { runs = [], recurring } = (await report()) ?? {};
  expect(runs).toMatchObject([{ result: 'unchanged', archived: true }]);
  const sessions = await readAllSessions(sessionsDir, host);
  expect(sessions.map(({ sessionFile, state }) => [sessionFile?.recurring?.id, state.archived])).toEqual([
    [recurring?.id, true],
  ]);
  expect(sessions[0]?.problems).toEqual([]);
  expect(await repo.git(['branch', '--list', '--format=%(refname:short)'])).toBe('main');
  expect(await repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
  return faults.counts();
}

sweep({ name: 'a recurring run', changes: 160, rounds: 5, play });
