import { expect, test } from 'vitest';
import { REACH } from '../../../../src/core/project/settings/reach.ts';
import { allSettings } from '../../../../src/core/project/settings/settings.ts';

const rows = (Object.keys(REACH) as (keyof typeof REACH)[]).map((name) => ({
  name,
  needsTrust: 'risk' in allSettings()[name],
  ...REACH[name],
}));

test('what is read or written without trust is bounded by a folder, or is of its own session', () => {
  const open = rows.filter(({ needsTrust, within }) => !needsTrust && within === undefined);
  expect(open.filter(({ read, write }) => read ?? write).map(({ name }) => name)).toEqual([
    'pages',
    'branchPrefix',
  ]);
});

test('no command of a file runs without trust', () => {
  const running = rows.filter(({ run, needsTrust }) => run !== undefined && !needsTrust);
  const ofOthers = ['prWatch', 'prRounds'];
  expect(running.map(({ name }) => name).filter((name) => !ofOthers.includes(name))).toEqual(['mainRepo']);
});
