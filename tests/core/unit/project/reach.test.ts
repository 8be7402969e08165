import { expect, test } from 'vitest';
import { settingRows } from '../../../../src/core/project/settings/settings.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';

const rows = settingRows().map(({ name, risk, reach }) => ({
  name,
  needsTrust: risk !== undefined,
  ...reach,
}));

test('what is read or written without trust is bounded by a folder, or is of its own session', () => {
  const open = rows.filter(({ needsTrust, within }) => !needsTrust && within === undefined);
  expect(open.filter(({ read, write }) => read ?? write).map(({ name }) => name)).toEqual([
    'branchPrefix',
    ...(HAS_EXTENSIONS ? ['pages'] : []),
  ]);
});

test('no command of a file runs without trust', () => {
  const running = rows.filter(({ run, needsTrust }) => run !== undefined && !needsTrust);
  const ofOthers = ['prWatch', 'prRounds'];
  expect(running.map(({ name }) => name).filter((name) => !ofOthers.includes(name))).toEqual(['mainRepo']);
});
