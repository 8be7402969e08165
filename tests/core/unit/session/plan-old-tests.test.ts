import { expect, test } from 'vitest';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import { plannedOldTests } from '../../../../src/core/session/documents/plan-old-tests.ts';

const plan = (lines: string) => `# Plan: Boats\n\n## Old tests that change\n${lines}\n\n## Notes\n- x: y\n`;

test('a plan names the old tests that its task changes, each with its reason', () => {
  const text = plan('- tests/a.ts: the name is required now\n- `./tests/b.ts` – an empty list is an error');
  expect(plannedOldTests(text)).toEqual({
    files: [
      { path: 'tests/a.ts', why: 'the name is required now' },
      { path: 'tests/b.ts', why: 'an empty list is an error' },
    ],
    problems: [],
  });
  expect(planHash(text)).not.toBe(planHash(plan('- tests/a.ts: the name is required now')));
});

test.each(['- tests/a.ts', 'tests/a.ts: a reason', '- : a reason'])('%s is refused', (line) => {
  const { files, problems } = plannedOldTests(plan(line));
  expect([files, problems]).toEqual([[], [expect.stringContaining('is not "- path: why"')]]);
});

test('a plan without the section names none, and neither do its notes', () => {
  expect(plannedOldTests('# Plan\n\n## Notes\n- tests/a.ts: x\n')).toEqual({ files: [], problems: [] });
});
