import { expect, test } from 'vitest';
import { OBSTACLES, type ObstacleName } from '../../../../src/core/kernel/phases/obstacles.ts';
import { firstObstacle, OBSTACLE_QUESTIONS } from '../../../../src/core/worker/judge/obstacles.ts';

const NAMES = OBSTACLES.map(({ name }) => name);
const beforeDoneOnly = OBSTACLES.filter(({ onlyBeforeDone }) => onlyBeforeDone).map(({ name }) => name);

test('the questions before done have a fixed order', () => {
  expect(NAMES).toEqual([
    'messages',
    'branch_gone',
    'impossible_checks',
    'red_base',
    'uncommitted',
    'failed_checks',
    'false_claims',
    'unread',
    'unreviewed',
    'weakened_tests',
    'outside_scope',
    'later_work',
    'later_messages',
  ]);
});

test('the worker has a question for each obstacle, in the order of the table', () => {
  expect(Object.keys(OBSTACLE_QUESTIONS)).toEqual(NAMES);
});

test.each(NAMES.map((name, at) => [name, at] as const))(
  'if %s and all later obstacles apply, it decides, and no later one is checked',
  async (name, at) => {
    const asked: ObstacleName[] = [];
    const found = await firstObstacle(true, async (each) => {
      asked.push(each);
      return NAMES.indexOf(each) >= at ? each : undefined;
    });
    expect(found).toBe(name);
    expect(asked).toEqual(NAMES.slice(0, at + 1));
  },
);

test('before quality, messages and reviews are not checked', async () => {
  const asked: ObstacleName[] = [];
  await firstObstacle(false, async (name) => void asked.push(name));
  expect(asked).toEqual(NAMES.filter((name) => !beforeDoneOnly.includes(name)));
  expect(beforeDoneOnly).toEqual(['messages', 'unread', 'unreviewed', 'outside_scope', 'later_messages']);
});
