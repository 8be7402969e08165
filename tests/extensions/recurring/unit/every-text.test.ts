import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf } from '../../../../src/core/faces/terminal/columns.ts';
import { Output } from '../../../../src/core/faces/terminal/output.ts';
import { doneText, listText, nextText, oneText } from '../../../../src/extensions/recurring/every-text.ts';
import type { Recurring, RecurringReport } from '../../../../src/extensions/recurring/recurring.ts';

const CREATED = '2026-01-05T10:00:00.000Z';

function report(name: string, more: Partial<RecurringReport>, of: Partial<Recurring> = {}): RecurringReport {
  const when = {
    kind: 'times',
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    times: ['02:00'],
    zone: 'Europe/Berlin',
  } as const;
  return {
    recurring: {
      ...{ v: 1, id: '01KEE000000000000000000000', name, project: '/home/me/harbour/.samocode' },
      ...{ supervisor: 's', when: { ...when, days: [...when.days], times: [...when.times] }, choices: {} },
      ...{ work: { kind: 'task', task: 'Update the dependencies, one commit each' }, limits: {} },
      ...{ catchUpMs: 0, overlap: false, createdAt: CREATED, by: { channel: 'cli' }, resumes: 0 },
      ...of,
    },
    ...{ runs: [], totals: { runs: 0, costUsd: 0, iterations: 0 }, next: [], ...more },
  };
}

const run = { at: CREATED, resumes: 0, session: '26-01-06-update-the-dependencies' };
const RUNS: RecurringReport['runs'] = [
  { ...run, run: '2026-01-08T01:00:00.000Z', result: 'waits', costUsd: 1.2 },
  { ...run, run: '2026-01-07T01:00:00.000Z', result: 'unchanged', costUsd: 0.35, archived: true },
  {
    ...{ at: CREATED, resumes: 0, run: '2026-01-06T01:00:00.000Z', result: 'skipped', skipped: 3 },
    text: 'no supervisor ran on this machine when it was due, for example because it was off or asleep',
  },
  {
    ...run,
    run: '2026-01-02T01:00:00.000Z',
    result: 'done',
    costUsd: 12.5,
    text: 'Updated \u001b[31m日本語',
  },
];

const REPORTS = [
  report(
    'nightly',
    {
      ...{ runs: RUNS, totals: { runs: 3, costUsd: 14.05, iterations: 40 } },
      next: ['2026-01-09T01:00:00.000Z', '2026-01-12T01:00:00.000Z'],
    },
    {
      limits: { costRunUsd: 5, costTotalUsd: 100, runs: 60 },
      choices: { settings: { maxIterations: '30' } },
    },
  ),
  report(
    'fix-what-made-the-checks-of-the-default-branch-fail',
    {
      runs: [{ ...run, run: 'c'.repeat(40), result: 'failed', text: 'npm test' }],
      paused: { at: CREATED, why: '3 runs in a row failed', by: 'supervisor' },
    },
    { when: { kind: 'ci-failed' } },
  ),
  report('issues', { elsewhere: true }, { work: { kind: 'label', label: 'nightly' } }),
];
const [NIGHTLY = report('x', {})] = REPORTS;

const DUE = REPORTS.flatMap((each) => each.next.map((at) => ({ at, report: each })));
const SCREENS: Record<string, (output: Output) => string> = {
  list: (output) => listText(REPORTS, output),
  one: (output) => oneText(NIGHTLY, output),
  next: (output) => nextText(DUE, REPORTS, output),
  done: (output) => REPORTS.map((each) => doneText(each, 'is created', output)).join('\n'),
};

function terminal(columns: number): Output {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
  return new Output({ stdout, stderr: stdout, colourful: false, json: false });
}

test.each(Object.entries(SCREENS))('no row of "%s" is wider than the terminal', (_, screen) => {
  fc.assert(
    fc.property(fc.integer({ min: 70, max: 260 }), (columns) => {
      const widths = screen(terminal(columns))
        .split('\n')
        .map((row) => columnsOf(row));
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    }),
  );
});

test.each([80, 200])('the screens of %i columns equal their golden file', async (columns) => {
  const text = Object.values(SCREENS).map((screen) => screen(terminal(columns)));
  await expect(`${text.join(`\n${'='.repeat(columns)}\n`)}\n`).toMatchFileSnapshot(
    `../../../golden/recurring/${columns}-columns.txt`,
  );
});
