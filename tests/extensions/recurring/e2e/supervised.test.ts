import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { watchOver } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { supervisorPids } from '../../../support/supervisors.ts';
import { dueRun } from '../due-run.ts';

test(
  'a supervisor that dies before and after it starts a run starts it once; a run that changes nothing archives itself',
  ci,
  async () => {
    await using due = await dueRun({ faults: true });
    const { repo, context, sessionsDir, report } = due;
    const { home, host } = context;
    const crashed = (point: string) => join(repo.root, point);
    const supervise = async (env: Readonly<Record<string, string>> = {}) =>
      await watchOver({
        program: due.supervisor,
        env: { ...context.env, ...env },
        ...{ home, host, clock: systemClock, sessionsDir },
      });
    for (const point of ['recurring-before-start', 'recurring-after-start']) {
      await supervise({ SAMOCODE_CRASH_AT: point, SAMOCODE_CRASHED_FILE: crashed(point) });
      await eventually(async () => (await readFile(crashed(point), 'utf8')) === point, { what: point });
      await eventually(async () => (await supervisorPids(home)).length === 0, { what: 'its end' });
    }
    await supervise();
    await eventually(async () => (await report())?.runs[0]?.archived, { what: 'the archive of its run' });
    expect((await report())?.runs).toMatchObject([{ result: 'unchanged', archived: true, iterations: 4 }]);
    const sessions = await readAllSessions(sessionsDir, host);
    const recurring = {
      id: (await report())?.recurring.id,
      name: 'nightly',
      run: `${due.dueAt.slice(0, 16)}:00.000Z`,
    };
    expect(sessions.map(({ sessionFile, state }) => [sessionFile?.recurring, state.archived])).toEqual([
      [recurring, true],
    ]);
    expect(await repo.git(['branch', '--list', sessions[0]?.state.worktree?.branch ?? ''])).toBe('');
    expect(sessions[0]?.state.startedBy).toEqual(context.by);
  },
);
