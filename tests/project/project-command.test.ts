import { expect, test } from 'vitest';
import { failureOf } from '../../src/project/project-command.ts';

const where = { cwd: '/', env: { PATH: '/usr/bin:/bin' } };

test('a command that exits with 0 has not failed, any other says how it ended', async () => {
  expect(await failureOf('true', where)).toBeUndefined();
  expect(await failureOf('exit 3', where)).toBe('exit status 3');
  expect(await failureOf('kill -9 $$', where)).toBe('exit status none');
});

test('a command that leaves a server behind, with its output open, is not waited for', async () => {
  expect(await failureOf('sleep 300 & true', where)).toBeUndefined();
  expect(await failureOf('sleep 300 & exit 1', where)).toBe('exit status 1');
});
