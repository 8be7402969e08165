import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import { createRecurring } from '../../../../src/extensions/recurring/create-recurring.act.ts';
import { readRecurring } from '../../../../src/extensions/recurring/recurring.act.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { type Counts, type Point, sweep, sweepOf } from '../../../support/disk-sweep.ts';
import { makeProject } from '../../../support/project.ts';
import { endProcessesOf, SUPERVISED, supervisorHolds, supervisorPids } from '../../../support/supervisors.ts';
import { NOTHING_TO_DO } from '../nothing-to-do.ts';

const HOUR_MS = 60 * 60_000;
/** Longer than it takes to start one. */
const RESTART_MS = 3000;
const WITHIN_MS = 240_000;

/** A daily run that was due two hours ago, in a project that no supervisor has watched since. */
async function dueRun(context: ActionContext): Promise<void> {
  const past: ActionContext = {
    ...context,
    env: { ...context.env, SAMOCODE_SUPERVISOR: 'off' },
    clock: { ...systemClock, now: () => Date.now() - 3 * HOUR_MS },
  };
  const dueAt = new Date(Date.now() - 2 * HOUR_MS).toISOString();
  const supervisor = await supervisorHolds(context, { stays: true });
  await createRecurring(
    {
      when: { schedule: `daily ${dueAt.slice(11, 16)} UTC` },
      work: { kind: 'task', task: 'Update the libraries' },
      name: 'nightly',
      choices: { autoApprove: true, acceptSuggestions: true },
    },
    past,
  );
  await supervisor[Symbol.asyncDispose]();
}

async function play(points: readonly Point[]): Promise<Counts> {
  const programs = await builtPrograms();
  const project = await makeProject({ env: SUPERVISED, acting: { programs } });
  const { repo, context, sessionsDir } = project;
  await using _ = repo;
  const { home, host } = context;
  const faults = sweepOf(repo.root, ['supervisor.cjs'], points);
  try {
    const scenario = join(repo.root, 'scenario.json');
    await writeFile(scenario, JSON.stringify(NOTHING_TO_DO));
    await mkdir(join(home, '.config/samocode'), { recursive: true });
    await writeFile(join(home, '.config/samocode/.env'), `REHEARSAL_SCENARIO=${scenario}\n`);
    await dueRun(context);
    const program = join(dirname(programs.worker), 'supervisor.cjs');
    // Not by launchSupervisor(), which gives it no LD_PRELOAD; its workers get none, as in a person's home.
    const startSupervisor = () =>
      spawn(process.execPath, [program], {
        env: { ...repo.env, ...faults.env },
        detached: true,
        stdio: 'ignore',
      }).unref();
    const report = async () => (await readRecurring({}, context))[0];
    let startedAt = 0;
    for (const end = Date.now() + WITHIN_MS; ; await systemClock.sleep(200)) {
      if ((await report())?.runs[0]?.archived) break;
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
  } finally {
    await endProcessesOf(home);
  }
}

sweep({ name: 'a recurring run', changes: 220, rounds: 5, play });
