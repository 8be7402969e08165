import { expect, test } from 'vitest';
import { benchmarksPage, type Measured } from '../../bench/page.ts';

const MACHINE = {
  date: '2026-01-08',
  node: '20.19.0',
  processor: '2 × Some Processor 9R14',
  memoryGb: 8,
  load: 0.04,
};
const GAP: Measured = {
  name: 'worker',
  title: 'Worker',
  about: 'what a worker costs',
  means: { 'gapMs#': 'ms between two agents after # iterations' },
  runs: [{ gapMs1: [210.4, 190.2, 250], gapMs100000: 215, rounds: 3 }],
  goals: [
    { value: 'gapMs1', atMost: 300 },
    { value: 'gapMs100000', atMost: 200 },
  ],
};
const LOOP: Measured = {
  ...{ name: 'shell-loop', title: 'A shell loop', about: 'the shortest loop', goals: [] },
  means: { gapMs: 'ms between two agents' },
  runs: [{ gapMs: 9.26 }, { gapMs: 8 }, { gapMs: 1234.5 }],
};
const PYTHON: Measured = {
  ...{ name: 'python', title: 'The Python samocode', about: 'its loop', runs: [], goals: [] },
  leftOut: 'no path was given.',
};

const page = benchmarksPage([GAP, LOOP, PYTHON], MACHINE);

test('each value has a line with its unit, its spread and its goal, and a value without a line is omitted', () => {
  expect(page).toContain(`## Worker

What a worker costs.

| \`worker\`, one run | min | median | max | goal |
|---|---:|---:|---:|---|
| ms between two agents after 1 iterations | 190 | 210 | 250 | ≤ 300 |
| ms between two agents after 100,000 iterations |  | 215 |  | ≤ 200 (**missed**) |
`);
});

test('a column that is empty in every row is left out', () => {
  expect(page).toContain('| `shell-loop`, 3 runs | min | median | max |\n|---|---:|---:|---:|\n');
  expect(page).toContain('| ms between two agents | 8 | 9.26 | 1,235 |\n');
  const single = { ...GAP, runs: [{ gapMs1: 210.4 }] };
  expect(benchmarksPage([single], MACHINE)).toContain(
    '| `worker`, one run | median | goal |\n|---|---:|---|\n| ms between two agents after 1 iterations | 210 | ≤ 300 |',
  );
});

test('a missing measurement has its reason, and a dash in the other columns', () => {
  expect(page).toContain('## The Python samocode\n\nIts loop.\n\nNot measured here: no path was given.');
  expect(page).toContain('| ms from the end of one agent to the start of the next | 210 | 9.26 | – |');
});

test('the name of the processor is formatted as code, because no dictionary contains it', () => {
  expect(page).toContain('on `2 × Some Processor 9R14`, 8 GiB, with a load average of 0.04 before.');
});
