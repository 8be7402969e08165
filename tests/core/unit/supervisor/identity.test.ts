import { realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isOlder } from '../../../../src/core/kernel/versions.ts';
import { supervisorEnvironment } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { SESSION_MARK } from '../../../../src/core/sandbox/programs/marks.ts';
import { supervisorPaths } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const identityOf = (home: string, host: Parameters<typeof hostWith>[1]): string =>
  supervisorPaths(home, hostWith([], host)).identity;

test('a machine keeps its identity across boots, and a container across restarts', () => {
  const machine = identityOf('/home/a', {});
  expect(identityOf('/home/a', { bootId: 'another boot' })).toBe(machine);
  const container = identityOf('/home/a', { container: 'c' });
  expect(identityOf('/home/a', { container: 'c', pidNamespace: 'pid:[2]', bootId: 'x' })).toBe(container);
  expect(container).not.toBe(machine);
});

test('one home folder under several names is one identity', async () => {
  await using dir = await tempDir();
  const home = await realpath(dir.path);
  const link = join(home, 'link');
  await symlink(home, link);
  expect(identityOf(link, {})).toBe(identityOf(home, {}));
  expect(identityOf(`${home}/`, {})).toBe(identityOf(home, {}));
  expect(identityOf('/home/not-there/', {})).toBe(identityOf('/home/not-there', {}));
});

test('another home, machine, container or user is another identity', () => {
  const all = [
    identityOf('/home/a', {}),
    identityOf('/home/b', {}),
    identityOf('/home/a', { hostId: 'another' }),
    identityOf('/home/a', { pidNamespace: 'pid:[2]' }),
    identityOf('/home/a', { container: 'c' }),
    identityOf('/home/a', { container: 'd' }),
  ];
  const { getuid } = process;
  process.getuid = () => 4711;
  all.push(identityOf('/home/a', {}));
  process.getuid = getuid as () => number;
  expect(new Set(all).size).toBe(all.length);
});

test.each([
  ['0.1.0', '0.2.0', true],
  ['0.9.9', '0.10.0', true],
  ['1.0.0', '0.9.9', false],
  ['0.2.0', '0.2.0', false],
  ['0.2.0-rc.1', '0.2.0', false],
  ['not a version', '0.2.0', false],
  ['0.2.0', 'no version', false],
])('%s is older than %s: %s', (version, than, older) => {
  expect(isOlder(version, than)).toBe(older);
});

test("a supervisor gets the variables of a login and samocode's own settings, and no others of its starter", () => {
  const env = {
    ...{
      PATH: '/bin',
      LANG: 'C',
      USER: 'a',
      SAMOCODE_SUPERVISOR_MINUTES: '3',
      HOME: '/elsewhere',
      SHELL: '/bin/sh',
    },
    ...{ ANTHROPIC_API_KEY: 'k', VIRTUAL_ENV: '/v', NODE_OPTIONS: '--inspect', EMPTY: undefined },
    [SESSION_MARK]: 'a session',
  };
  expect(supervisorEnvironment(env, '/home/a')).toEqual({
    ...{
      PATH: '/bin',
      LANG: 'C',
      USER: 'a',
      SAMOCODE_SUPERVISOR_MINUTES: '3',
      HOME: '/home/a',
      SHELL: '/bin/sh',
    },
  });
});

test('a supervisor keeps the machine limits that were set where it was started', () => {
  const kept = { KEEP_5H: '20%', KEEP_7D: '30%' };
  const limits = { MAX_COST_USD_PER_DAY: '5', MAX_PARALLEL_ON_MACHINE: '2', ...kept };
  expect(supervisorEnvironment({ ...limits, SHELL: '/bin/sh' }, '/home/a')).toMatchObject(limits);
});
