import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { SESSION_MARK } from '../../../../src/core/sandbox/programs/marks.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { query, sharedPostgres } from '../../../support/postgres-server.ts';
import { makeProject } from '../../../support/project.ts';

const server = sharedPostgres();

/** A remote and an empty database, and homes of machines that share a clone: each types commands in it. */
async function pool() {
  const project = await makeProject();
  const { root, path, git } = project.repo;
  const remote = join(root, 'remote.git');
  await git(['init', '--quiet', '--bare', remote], root);
  const machine = async (name: string) => {
    const home = join(root, name);
    await mkdir(join(home, '.config'), { recursive: true });
    const at = { cwd: path, home };
    const run = (argv: string[], env = {}) =>
      typed(['pool', ...argv], { ...at, env: { SAMOCODE_SUPERVISOR: 'off', ...env } });
    await typed(['trust', '--yes'], at);
    return { home, run };
  };
  return {
    remote,
    admin: await server.database(),
    machine,
    [Symbol.asyncDispose]: () => project.repo[Symbol.asyncDispose](),
  };
}

test(
  'an administrator prepares a database, two machines join with logins of their own, and one is removed',
  ci,
  async () => {
    await using rig = await pool();
    const [studio, mini] = [await rig.machine('studio'), await rig.machine('mini')];
    const [one, two] = [`studio-${ulid()}`, `mini-${ulid()}`];
    const as = (login: string) => rig.admin.replace('postgres@', `${login}@`);
    const joins = (login: string, name: string) =>
      ['join', '--remote', rig.remote, '--database', as(login), '--name', name, '--json'] as const;
    const early = await studio.run(['join', '--remote', rig.remote, '--database', rig.admin]);
    expect(early.stderr).toContain('Have its administrator run "samocode pool prepare --database <url>"');
    const prepared = await studio.run(['prepare', '--database', rig.admin]);
    expect(prepared.stdout).toContain('in role samocode_hosts;');
    const unfit = await studio.run(['join', '--remote', rig.remote, '--database', rig.admin]);
    expect(unfit.stderr).toMatch(/is a superuser, .*create role <machine> login/s);
    for (const login of [one, two])
      await query(rig.admin, `create role "${login}" login in role samocode_hosts`);
    const joined = await studio.run([...joins(one, 'studio')]);
    expect(JSON.parse(joined.stdout)).toEqual({ remote: rig.remote, name: 'studio', login: one });
    expect((await mini.run([...joins(two, 'mini')])).exitCode).toBe(0);
    // A repeated call changes what is given.
    await mini.run(['join', '--name', 'mini-2']);
    const { pools } = JSON.parse(await readFile(join(mini.home, '.config/samocode/pool.json'), 'utf8'));
    expect(pools).toMatchObject([{ name: 'mini-2', login: two, database: as(two) }]);
    const removal = ['remove', two, '--database', rig.admin];
    const removed = await studio.run(removal);
    expect(removed.stdout).toContain('can no longer log in');
    expect(removed.stdout).toContain('Take its login away from the git remote, too.');
    expect((await studio.run(removal)).stdout).toBe(removed.stdout);
    expect((await mini.run(['join'])).stderr).toContain('does not admit its login');
    expect((await studio.run(['remove', 'nobody', '--database', rig.admin])).stderr).toContain(
      'No machine of the pool has the login nobody',
    );
    expect((await studio.run(['remove', one, '--database', as(one)])).stderr).toContain('lacks a privilege');
    expect((await studio.run(['leave'])).stdout).toContain(`samocode pool remove ${one}`);
  },
);

test.each([
  ['no database', [], 'samocode pool prepare --database <url>'],
  [
    'a name that no command could take',
    ['--name', 'my mac', '--database', 'postgres://me@h/x'],
    'cannot be a name',
  ],
  [
    'a password of the remote',
    ['--remote', 'https://me:secret@127.0.0.1:1/x', '--database', 'postgres://me@h/x'],
    'credential helper',
  ],
  ['a password', ['--database', 'postgres://me:secret@127.0.0.1/x'], 'PGPASSFILE'],
  ['another form of password', ['--database', 'postgres://me@h/x?password=secret'], 'PGPASSFILE'],
])('%s is refused, and nothing is recorded', async (_, options, words) => {
  await using rig = await pool();
  const studio = await rig.machine('studio');
  const { exitCode, stderr } = await studio.run(['join', '--remote', rig.remote, ...options]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain('secret');
  await expect(stat(join(studio.home, '.config/samocode/pool.json'))).rejects.toThrow('ENOENT');
});

test('no agent prepares, joins, removes or leaves', async () => {
  await using rig = await pool();
  const studio = await rig.machine('studio');
  const database = ['--database', rig.admin];
  for (const argv of [
    ['prepare', ...database],
    ['join', '--remote', rig.remote, ...database],
    ['remove', 'x', ...database],
    ['leave'],
  ]) {
    const { exitCode, stderr } = await studio.run(argv, { [SESSION_MARK]: 'x' });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('session')]);
  }
});
