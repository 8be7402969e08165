import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SESSION_MARK } from '../../../../src/core/sandbox/programs/environment.ts';
import { GitRemote, POOL_REFS } from '../../../../src/extensions/pool/board/git-remote.ts';
import { fingerprintOf, hostKey } from '../../../../src/extensions/pool/members/host-keys.ts';
import { publishJoinRequest } from '../../../../src/extensions/pool/members/join-request.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { makeProject } from '../../../support/project.ts';

const FINGERPRINT = /SHA256:[\w+/]{43}/;

/** A remote, and homes of machines that share a clone: each types commands in it. */
async function pool() {
  const project = await makeProject();
  const { root, path, git, homeDir } = project.repo;
  const remote = join(root, 'remote.git');
  await git(['init', '--quiet', '--bare', remote], root);
  const machine = async (name: string) => {
    const home = join(root, name);
    await mkdir(join(home, '.config'), { recursive: true });
    await git(['config', '--global', 'user.name', name]);
    const run = (argv: string[], says?: string[], env = {}) =>
      typed(['pool', ...argv], { cwd: path, home, says, env: { SAMOCODE_SUPERVISOR: 'off', ...env } });
    await typed(['trust', '--yes'], { cwd: path, home });
    const start = (...argv: string[]) =>
      typed(['start', ...argv], { cwd: path, home, env: { SAMOCODE_SUPERVISOR: 'off' } });
    return { name, home, run, start };
  };
  return { remote, path, machine, homeDir, [Symbol.asyncDispose]: () => project.repo[Symbol.asyncDispose]() };
}

test(
  'one machine founds a pool, another asks to join, is added and removed, each by what the other shows',
  ci,
  async () => {
    await using rig = await pool();
    const [studio, mini] = [await rig.machine('studio'), await rig.machine('mini')];
    const founded = await studio.run(['join', '--remote', rig.remote, '--name', 'studio', '--create']);
    expect(founded.stderr).toBe('');
    const own = FINGERPRINT.exec(founded.stdout)?.[0] ?? '';
    const asked = ['join', '--remote', rig.remote, '--name', 'mini'];
    const unasked = await mini.run(asked);
    expect(unasked.exitCode).not.toBe(0);
    expect(unasked.stderr).toContain(`add --owner ${own}`);
    const waits = await mini.run(asked, ['y']);
    const command = /samocode pool (add SHA256:[\w+/]{43} --name mini)/.exec(waits.stdout)?.[1] ?? '';
    expect((await mini.run(['status'])).stdout).toContain('mini · this machine · not a member yet');
    const early = await mini.start('--pool', '--task', 'x');
    expect(early.stderr).toContain('This machine is not a member of the pool yet');
    const uninvited = await mini.run(command.split(' '));
    expect(uninvited.stderr).toContain('Only an owner of the pool may change it: studio.');
    const added = await studio.run([...command.split(' '), '--as', 'anna', '--json']);
    expect(JSON.parse(added.stdout)).toMatchObject({ name: 'mini', person: 'anna', owner: false });
    const { machines } = JSON.parse((await mini.run(['status', '--json'])).stdout);
    expect(machines).toMatchObject([
      { name: 'mini', standing: 'member', is_self: true, is_owner: false },
      { name: 'studio', standing: 'member', fingerprint: own, is_self: false, is_owner: true },
    ]);
    const removed = await studio.run(['remove', 'mini']);
    expect(removed.stdout).toContain('Take its login away from the git remote, too.');
    expect((await studio.run(['remove', 'mini'])).stdout).toBe(removed.stdout);
    expect((await studio.run(command.split(' '))).stderr).toContain('No machine was added.');
    expect((await mini.run(['join'])).stderr).toContain('mini no longer takes part in the pool.');
  },
);

test('a request under the id of a member, signed with another key, adds no machine and changes nothing', async () => {
  await using rig = await pool();
  const studio = await rig.machine('studio');
  const { id } = JSON.parse(
    (await studio.run(['join', '--remote', rig.remote, '--name', 'studio', '--create', '--json'])).stdout,
  );
  const env = { PATH: process.env.PATH ?? '', HOME: studio.home };
  const git = { cwd: rig.path, baseEnv: env };
  const remote = new GitRemote({ url: rig.remote, prefix: POOL_REFS, git, limitMs: 30_000 });
  const folder = join(studio.home, 'attacker');
  const publicKey = await hostKey(folder, env);
  const offered = { labels: ['forged'], slots: 9, level: 'off' as const, version: '0' };
  await publishJoinRequest({ v: 1, id, name: 'evil', publicKey, ...offered }, folder, { remote, git });
  const { stderr } = await studio.run(['add', fingerprintOf(publicKey), '--name', 'evil']);
  expect(stderr).toContain('No machine was added.');
  const { machines, problems } = JSON.parse((await studio.run(['status', '--json'])).stdout);
  expect(problems.join()).not.toContain('list of members');
  expect(machines).toMatchObject([{ name: 'studio', is_owner: true, clis: [] }]);
});

test('after leave, join renews the id and the key; the only owner does not leave', async () => {
  await using rig = await pool();
  const [studio, mini] = [await rig.machine('studio'), await rig.machine('mini')];
  const asked = ['join', '--remote', rig.remote, '--json'];
  const { fingerprint } = JSON.parse((await studio.run([...asked, '--name', 'studio', '--create'])).stdout);
  expect((await studio.run(['leave'])).stderr).toContain('studio is its only owner');
  const vouched = [...asked, '--owner', fingerprint];
  const first = JSON.parse((await mini.run([...vouched, '--name', 'mini'])).stdout);
  expect(JSON.parse((await mini.run(asked)).stdout)).toEqual(first);
  await studio.run(['add', first.fingerprint]);
  expect((await mini.run(['leave'])).stdout).toContain('samocode pool remove mini');
  expect((await mini.run(vouched)).stdout).toContain('Another member of the pool is called mini.');
  const second = JSON.parse((await mini.run([...vouched, '--name', 'mini-2'])).stdout);
  expect(second).toMatchObject({ name: 'mini-2', standing: 'waits' });
  expect(second.id).not.toBe(first.id);
  expect(second.fingerprint).not.toBe(first.fingerprint);
  const folders = await readdir(join(mini.home, '.config/samocode/pool'));
  expect(folders.filter((name) => !name.startsWith('.'))).toEqual([second.id]);
});

test.each([
  ['a pool that does not exist', ['--name', 'a'], 'add --create'],
  ['a name that no command could take', ['--name', 'my mac', '--create'], 'cannot be a name'],
  [
    'a password of the remote',
    ['--create', '--remote', 'https://me:secret@127.0.0.1:1/x'],
    'credential helper',
  ],
  ['a password', ['--create', '--database', 'postgres://me:secret@127.0.0.1/x'], 'PGPASSFILE'],
  ['another form of password', ['--create', '--database', 'postgres://me@h/x?password=secret'], 'PGPASSFILE'],
])('%s is refused, and nothing is recorded', async (_, options, words) => {
  await using rig = await pool();
  const studio = await rig.machine('studio');
  const { exitCode, stderr } = await studio.run(['join', '--remote', rig.remote, ...options]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain('secret');
  await expect(stat(join(studio.home, '.config/samocode/pool.json'))).rejects.toThrow('ENOENT');
});

test('no agent joins, adds or removes', async () => {
  await using rig = await pool();
  const studio = await rig.machine('studio');
  for (const argv of [
    ['join', '--remote', rig.remote, '--create'],
    ['add', 'x'],
    ['remove', 'x'],
    ['leave'],
  ]) {
    const { exitCode, stderr } = await studio.run(argv, undefined, { [SESSION_MARK]: 'x' });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('session')]);
  }
});

test('a fingerprint that is not whole adds no machine, and shows those that asked', async () => {
  await using rig = await pool();
  const [studio, mini] = [await rig.machine('studio'), await rig.machine('mini')];
  await studio.run(['join', '--remote', rig.remote, '--create', '--name', 'studio']);
  const asked = await mini.run(['join', '--remote', rig.remote, '--name', 'mini'], ['y']);
  const whole = FINGERPRINT.exec(asked.stdout)?.[0] ?? '';
  const { stderr } = await studio.run(['add', whole.slice(0, 20)]);
  expect(stderr).toContain(`${whole} (mini)`);
  const text = await readFile(join(mini.home, '.config/samocode/pool.json'), 'utf8');
  expect(Object.keys(JSON.parse(text))).toEqual(['v', 'pools']);
});
