import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { makeProject } from '../../../support/project.ts';
import { supervisorHolds } from '../../../support/supervisors.ts';

/** A project on a machine whose supervisor stays, leaves when nothing waits, or does not run. */
async function machine(supervisor: 'stays' | 'leaves' | 'none' = 'stays') {
  const { repo, context } = await makeProject({ env: { SAMOCODE_SUPERVISOR: 'on' } });
  const lease =
    supervisor === 'none' ? undefined : await supervisorHolds(context, { stays: supervisor === 'stays' });
  const every = (argv: string[]) =>
    typed(['every', ...argv], { cwd: repo.path, home: context.home, says: [] });
  return {
    ...{ repo, context, every },
    definitions: () => readdir(join(context.home, '.config/samocode/recurring')).catch(() => []),
    async [Symbol.asyncDispose]() {
      await lease?.[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}

test(
  'a person creates a recurring session, sees when it is due, pauses, resumes and removes it',
  ci,
  async () => {
    await using here = await machine();
    const task = ['--task', 'Update the dependencies', '--name', 'nightly'];
    const bounds = [
      '--max-cost-run',
      '2.5',
      '--max-runs',
      '9',
      '--max-iterations',
      '30',
      '--catch-up',
      '90m',
    ];
    const made = await here.every(['mon-fri 02:00 Europe/Berlin', ...task, ...bounds, '--overlap']);
    expect(made.stderr).toBe('');
    expect(made.stdout).toMatch(
      /^✔ nightly is created: mon-fri 02:00 \(Europe\/Berlin\)\.\n {2}Next: \w{3} \d\d-\d\d 02:00\n/,
    );
    const { recurring } = JSON.parse((await here.every(['list', 'nightly', '--json'])).stdout);
    expect(recurring).toMatchObject({
      project: join(here.repo.path, '.samocode'),
      choices: { settings: { max_iterations: '30' } },
      limits: { cost_run_usd: 2.5, runs: 9 },
      ...{ catch_up_ms: 5_400_000, overlap: true },
    });
    const { runs } = JSON.parse((await here.every(['next', '--json'])).stdout);
    expect(runs.map(({ name }: { name: string }) => name)).toEqual(Array(5).fill('nightly'));
    expect((await here.every(['pause', 'nightly'])).stdout).toContain('samocode every resume nightly');
    expect((await here.every(['list'])).stdout).toContain(
      'nightly\tmon-fri 02:00 (Europe/Berlin)\tpaused\tno run yet',
    );
    expect((await here.every(['next'])).stdout).toBe('nightly: paused\n');
    await here.every(['resume', 'night', '--max-runs', '20']);
    expect((await here.every(['list', 'nightly'])).stdout).toContain(
      '$2.50 a run, 30 iterations a run, 20 runs',
    );
    expect((await here.every(['remove', 'nightly'])).stdout).toBe(
      '✔ nightly is removed: mon-fri 02:00 (Europe/Berlin).\n',
    );
    expect((await here.every(['list'])).stdout).toContain('No recurring sessions.');
  },
);

const TASK = ['--task', 'Update'];
const GUARD = ['--sandbox', 'guard'];
const REFUSED: [string, string[], string][] = [
  ['neither a schedule nor an event', TASK, 'either a schedule or --on'],
  [
    'both a schedule and an event',
    ['daily 02:00', '--on', 'ci-failed', ...TASK],
    'either a schedule or --on',
  ],
  ['a schedule that cannot be read', ['daily 25:00', ...TASK], '"25:00" is not a time'],
  ...(
    [
      ['a plan', ['--plan', 'plan.md']],
      ['a label', ['--label', 'nightly']],
      ['a catch-up', [...TASK, '--catch-up', '1h']],
    ] as const
  ).map(([title, argv]): [string, string[], string] => [
    `${title} for checks that fail`,
    ['--on', 'ci-failed', ...argv],
    'have no meaning there',
  ]),
  ...(
    [
      ['a label', ['daily 02:00', '--label', 'nightly', '--sandbox', 'guard']],
      ['checks that fail', ['--on', 'ci-failed', ...TASK]],
      ['a plan', ['daily 02:00', '--plan', 'plan.md']],
    ] as const
  ).map(([title, argv]): [string, string[], string] => [
    `quick work on ${title}`,
    [...argv, '--quick'],
    'Only a task of yours is worked on without questions and a plan',
  ]),
  ['no work', ['daily 02:00'], 'one kind of work'],
  ['two kinds of work', ['daily 02:00', ...TASK, '--label', 'nightly'], 'one kind of work'],
  [
    'an approval of plans that are given',
    ['daily 02:00', '--plan', 'plan.md', '--auto-approve'],
    'approved for each run',
  ],
  ['words that are not a time span', ['daily 02:00', ...TASK, '--catch-up', 'soon'], 'a time such as 6h'],
  ['a cost that is not a number', ['daily 02:00', ...TASK, '--max-cost-run', 'much'], 'a number of dollars'],
  [
    'a label without a repository on GitHub',
    ['daily 02:00', '--label', 'nightly', '--sandbox', 'guard'],
    'names a repository there',
  ],
  ['a label and no guard', ['daily 02:00', '--label', 'nightly'], 'Add --sandbox guard'],
  [
    'failed checks and no guard',
    ['--on', 'ci-failed', ...TASK, '--max-cost-run', '5'],
    'Add --sandbox guard',
  ],
  ['failed checks and no limit', ['--on', 'ci-failed', ...TASK, ...GUARD], 'Add --max-cost-run'],
  [
    'failed checks and an approval in advance',
    ['--on', 'ci-failed', ...TASK, ...GUARD, '--max-cost-run', '5', '--auto-approve'],
    'Leave out --auto-approve',
  ],
  [
    'checks without a repository on GitHub',
    ['--on', 'ci-failed', ...TASK, ...GUARD, '--max-cost-run', '5'],
    'names a repository there',
  ],
  ['a setting that a start would refuse', ['daily 02:00', ...TASK, '--provider', 'abacus'], 'abacus'],
  [
    'a limit for the cost of a run that its agent CLI does not report',
    ['daily 02:00', ...TASK, '--provider', 'kiro', '--max-cost-run', '5'],
    'Add --max-iterations',
  ],
  [
    'a limit for the cost of all runs that their agent CLI does not report',
    ['daily 02:00', ...TASK, '--provider', 'kiro', '--max-cost-total', '5', '--max-iterations', '9'],
    'Add --max-runs',
  ],
];

test.each(REFUSED)('a recurring session with %s is refused, and nothing is written', async (_, argv, why) => {
  await using here = await machine();
  await writeFile(join(here.repo.path, 'plan.md'), '# Plan\n\n- [ ] Clean\n');
  const programs = join(here.context.home, '.local/bin');
  await mkdir(programs, { recursive: true });
  await writeFile(join(programs, 'kiro-cli'), '#!/bin/sh\n', { mode: 0o755 });
  const { exitCode, stderr } = await here.every(argv);
  expect(exitCode).not.toBe(0);
  expect(stderr.replace(/\s+/g, ' ')).toContain(why);
  expect(await here.definitions()).toEqual([]);
});

test.each(['none', 'leaves'] as const)(
  'without a supervisor that stays (%s) none is created',
  async (supervisor) => {
    await using here = await machine(supervisor);
    const { stderr } = await here.every(['daily 02:00', ...TASK]);
    expect(stderr).toContain('No supervisor that stays runs here');
    expect(stderr).toContain('samocode supervisor --install');
    const typo = await here.every(['monday 2am', ...TASK]);
    expect(typo.stderr).toContain('"monday 2am" is not a schedule.');
    expect(await here.definitions()).toEqual([]);
  },
);
