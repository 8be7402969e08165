import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { supervisorEnvironment } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';

test("a supervisor has the variables of a login and samocode's settings, whoever starts it", () => {
  const env = {
    PATH: '/bin',
    LANG: 'C',
    TERM: 'xterm',
    API_KEY: 'k',
    SAMOCODE_X: '1',
    SAMOCODE_SESSION: 's',
  };
  const SHELL = '/bin/zsh';
  expect(supervisorEnvironment({ ...env, SHELL }, '/home/ada')).toEqual({
    ...{ PATH: '/bin', LANG: 'C', SAMOCODE_X: '1', SHELL, HOME: '/home/ada' },
  });
});

test('without SHELL the login shell is read from the system', () => {
  expect(supervisorEnvironment({}, '/home/ada').SHELL).toBe(userInfo().shell ?? undefined);
});
