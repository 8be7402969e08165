import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { createRecurring } from '../../../src/extensions/recurring/create-recurring.act.ts';
import { readRecurring } from '../../../src/extensions/recurring/recurring.act.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { makeProject } from '../../support/project.ts';
import { endProcessesOf, SUPERVISED, supervisorHolds } from '../../support/supervisors.ts';

const HOUR_MS = 60 * 60_000;

/** Work that changes no file. */
const NOTHING_TO_DO = {
  paceMs: 0,
  story: {
    questions: [
      { text: 'Which?', options: ['a', 'b'], suggestion: { letters: ['A'], reason: 'It is first' } },
    ],
    requirements: [{ id: 'R1', text: 'The libraries are current', check: 'reviewed' }],
    context: 'All libraries are current.',
    testing: 'Nothing was changed',
    phases: [{ name: 'Look', steps: ['Look at the versions'], does: [] }],
  },
};

/** A daily run that was due two hours ago and has nothing to do, in a project that no supervisor has watched since. */
export async function dueRun({ faults = false } = {}) {
  const programs = await builtPrograms({}, { faults });
  const project = await makeProject({ env: SUPERVISED, acting: { programs } });
  const { repo, context } = project;
  const { home } = context;
  const scenario = join(repo.root, 'scenario.json');
  await writeFile(scenario, JSON.stringify(NOTHING_TO_DO));
  await mkdir(join(home, '.config/samocode'), { recursive: true });
  await writeFile(join(home, '.config/samocode/.env'), `REHEARSAL_SCENARIO=${scenario}\n`);
  const dueAt = new Date(Date.now() - 2 * HOUR_MS).toISOString();
  {
    await using _ = await supervisorHolds(context, { stays: true });
    await createRecurring(
      {
        when: { schedule: `daily ${dueAt.slice(11, 16)} UTC` },
        work: { kind: 'task', task: 'Update the libraries' },
        name: 'nightly',
        choices: { autoApprove: true, acceptSuggestions: true },
      },
      {
        ...context,
        env: { ...context.env, SAMOCODE_SUPERVISOR: 'off' },
        clock: { ...systemClock, now: () => Date.now() - 3 * HOUR_MS },
      },
    );
  }
  return {
    ...project,
    dueAt,
    /** The path of the built supervisor. */
    supervisor: join(dirname(programs.worker), 'supervisor.cjs'),
    report: async () => (await readRecurring({}, context))[0],
    async [Symbol.asyncDispose]() {
      await endProcessesOf(home);
      await repo[Symbol.asyncDispose]();
    },
  };
}
