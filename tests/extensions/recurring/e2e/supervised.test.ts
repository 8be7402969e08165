import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { watchOver } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import { createRecurring } from '../../../../src/extensions/recurring/create-recurring.act.ts';
import { readRecurring } from '../../../../src/extensions/recurring/recurring.act.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { makeProject } from '../../../support/project.ts';
import { endProcessesOf, SUPERVISED, supervisorHolds, supervisorPids } from '../../../support/supervisors.ts';
import { NOTHING_TO_DO } from '../nothing-to-do.ts';

const HOUR_MS = 60 * 60_000;

test(
  'a supervisor that dies before and after it starts a run starts it once; a run that changes nothing archives itself',
  ci,
  async () => {
    const programs = await builtPrograms({}, { faults: true });
    const project = await makeProject({ env: SUPERVISED, acting: { programs } });
    const { repo, context, sessionsDir } = project;
    await using _ = repo;
    const { home, host } = context;
    try {
      const scenario = join(repo.root, 'scenario.json');
      await writeFile(scenario, JSON.stringify(NOTHING_TO_DO));
      await mkdir(join(home, '.config/samocode'), { recursive: true });
      await writeFile(join(home, '.config/samocode/.env'), `REHEARSAL_SCENARIO=${scenario}\n`);
      // It was created three hours ago, and due two hours ago.
      const dueAt = new Date(Date.now() - 2 * HOUR_MS);
      const past: ActionContext = {
        ...context,
        env: { ...context.env, SAMOCODE_SUPERVISOR: 'off' },
        clock: { ...systemClock, now: () => Date.now() - 3 * HOUR_MS },
      };
      const supervisor = await supervisorHolds(context, { stays: true });
      await createRecurring(
        {
          when: { schedule: `daily ${dueAt.toISOString().slice(11, 16)} UTC` },
          work: { kind: 'task', task: 'Update the libraries' },
          name: 'nightly',
          choices: { autoApprove: true, acceptSuggestions: true },
        },
        past,
      );
      await supervisor[Symbol.asyncDispose]();
      const crashed = (point: string) => join(repo.root, point);
      const supervise = async (env: Readonly<Record<string, string>> = {}) =>
        await watchOver({
          program: join(dirname(programs.worker), 'supervisor.cjs'),
          env: { ...context.env, ...env },
          ...{ home, host, clock: systemClock, sessionsDir },
        });
      for (const point of ['recurring-before-start', 'recurring-after-start']) {
        await supervise({ SAMOCODE_CRASH_AT: point, SAMOCODE_CRASHED_FILE: crashed(point) });
        await eventually(async () => (await readFile(crashed(point), 'utf8')) === point, { what: point });
        await eventually(async () => (await supervisorPids(home)).length === 0, { what: 'its end' });
      }
      await supervise();
      const report = async () => (await readRecurring({}, context))[0];
      await eventually(async () => (await report())?.runs[0]?.archived, { what: 'the archive of its run' });
      expect((await report())?.runs).toMatchObject([{ result: 'unchanged', archived: true, iterations: 4 }]);
      const sessions = await readAllSessions(sessionsDir, host);
      expect(sessions.map(({ sessionFile, state }) => [sessionFile?.recurring, state.archived])).toEqual([
        [
          {
            id: (await report())?.recurring.id,
            name: 'nightly',
            run: `${dueAt.toISOString().slice(0, 16)}:00.000Z`,
          },
          true,
        ],
      ]);
      expect(await repo.git(['branch', '--list', sessions[0]?.state.worktree?.branch ?? ''])).toBe('');
      expect(sessions[0]?.state.startedBy).toEqual(context.by);
    } finally {
      await endProcessesOf(home);
    }
  },
);
