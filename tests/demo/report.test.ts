import { expect, test } from 'vitest';
import { type DemoFacts, reportFrom } from '../../src/demo/report.ts';

const GOOD: DemoFacts = {
  session: '26-01-08-way-back',
  branch: 'samocode/way-back',
  phases: ['init', 'done'],
  iterations: 11,
  seconds: 8,
  answers: [],
  plan: 'plan.md',
  commits: [{ hash: 'abc', subject: 'Phase 1' }],
  diffStat: '',
  uncommitted: '',
  tests: { exitCode: 0, passed: 17, failed: 0 },
  feature: 'undo',
  mainUntouched: true,
  summary: '',
  toolCalls: {},
};

test('a demo is good when all of it is true', () => {
  expect(reportFrom(GOOD)).toMatchObject({ ok: true, problems: [] });
});

test.each<[string, Partial<DemoFacts>]>([
  ['the feature is missing', { feature: null }],
  ['a test fails', { tests: { exitCode: 1, passed: 16, failed: 1 } }],
  ['no test was run', { tests: { exitCode: 0, passed: 0, failed: 0 } }],
  ['the main checkout was changed', { mainUntouched: false }],
  ['nothing was committed', { commits: [] }],
  ['something was left uncommitted', { uncommitted: ' M a' }],
])('a demo is not good when %s', (_what, fault) => {
  const report = reportFrom({ ...GOOD, ...fault });
  expect(report.ok).toBe(false);
  expect(report.problems).toHaveLength(1);
});
