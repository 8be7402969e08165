// @module-tag ci
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CliQuestion, locateCli } from '../../../../src/core/sandbox/programs/locate-cli.ts';

// A name that exists in none of the folders that every search includes.
const command = 'agent-cli-of-this-test';
let home: string;

beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'locate-cli-')));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const ask = (rest: Partial<CliQuestion> = {}) =>
  locateCli({
    cli: { name: 'agent', defaultCommand: command },
    env: { PATH: '' },
    homeDir: home,
    nodePath: join(home, 'node/bin/node'),
    ...rest,
  });

async function program(relativePath: string, { mode = 0o755, text = '#!/bin/sh\n' } = {}): Promise<string> {
  const path = join(home, relativePath);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode });
  return path;
}

test('a folder of PATH in a checkout of the project is passed over', async () => {
  await program(`repo/bin/${command}`);
  const path = await program(`c/${command}`);
  const env = { PATH: [join(home, 'repo/bin'), join(home, 'c')].join(':') };
  expect(await ask({ env, checkouts: [join(home, 'repo')] })).toEqual({ path, foundIn: 'PATH' });
});

test('a bare name is searched on PATH in order', async () => {
  const path = await program(`b/${command}`);
  await program(`c/${command}`);
  const env = { PATH: [join(home, 'a'), join(home, 'b'), join(home, 'c')].join(':') };
  expect(await ask({ env })).toEqual({ path, foundIn: 'PATH' });
});

test('an absolute path in the setting is used as it is, and ~ is the home folder', async () => {
  const path = await program('own/agent');
  await program(`.local/bin/${command}`);
  expect(await ask({ configured: path })).toEqual({ path, foundIn: 'setting' });
  expect(await ask({ configured: '~/own/agent' })).toEqual({ path, foundIn: 'setting' });
});

test.each([
  ['does not exist', 'missing/agent', undefined],
  ['is not an executable file', 'own/agent', 0o644],
  ['is not an executable file', 'own', 0o755],
])('a setting whose file %s is refused, not replaced by a search', async (why, relativePath, mode) => {
  if (mode) await program('own/agent', { mode });
  await program(`.local/bin/${command}`);
  const asked = ask({ configured: join(home, relativePath) });
  await expect(asked).rejects.toMatchObject({ code: 'cli_not_executable' });
  await expect(asked).rejects.toThrow(why);
});

test('a relative path in the setting is refused', async () => {
  await expect(ask({ configured: 'bin/agent' })).rejects.toThrow('is not an absolute path');
});

test('a file on PATH that is not executable is skipped', async () => {
  await program(`a/${command}`, { mode: 0o644 });
  const path = await program(`b/${command}`);
  const env = { PATH: `${join(home, 'a')}:${join(home, 'b')}` };
  expect((await ask({ env })).path).toBe(path);
});

test('relative entries of PATH are not searched', async () => {
  await expect(ask({ env: { PATH: '.:bin:' } })).rejects.not.toMatchObject({
    args: { searched: expect.arrayContaining(['.']) },
  });
});

test.each([
  '.local/bin',
  '.claude/local',
  'node/bin',
  '.nvm/versions/node/v9.1.0/bin',
  '.local/share/fnm/node-versions/v22.3.0/installation/bin',
  'Library/Application Support/fnm/node-versions/v22.3.0/installation/bin',
  '.local/share/mise/installs/node/22.3.0/bin',
  '.local/share/mise/shims',
  '.asdf/installs/nodejs/22.3.0/bin',
  '.asdf/shims',
  'n/bin',
])('without PATH it is found in the home folder under %s', async (folder) => {
  const path = await program(`${folder}/${command}`);
  expect(await ask()).toEqual({ path, foundIn: 'usual place' });
});

test('of several node versions of nvm the newest is used', async () => {
  await program(`.nvm/versions/node/v9.11.2/bin/${command}`);
  const path = await program(`.nvm/versions/node/v22.3.0/bin/${command}`);
  expect((await ask()).path).toBe(path);
});

test('the PATH of a login shell comes last, whatever else it prints', async () => {
  const path = await program(`only/in/profile/${command}`);
  await program('.profile', { text: `echo Good morning\nPATH="${dirname(path)}:$PATH"\n` });
  expect(await ask({ env: { PATH: '', SHELL: '/bin/sh', HOME: home } })).toEqual({
    path,
    foundIn: 'login shell',
  });
});

test('a login shell that never ends only costs its limit', async () => {
  await program('.profile', { text: '/bin/sleep 60\n' });
  await expect(ask({ env: { PATH: '', SHELL: '/bin/sh', HOME: home } })).rejects.toMatchObject({
    code: 'cli_not_found',
  });
});

test('a program that is not found is an error that names the folders and the setting', async () => {
  const asked = ask({ env: { PATH: '/opt/none' } });
  await expect(asked).rejects.toThrow('/opt/none');
  await expect(asked).rejects.toMatchObject({
    code: 'cli_not_found',
    hint: 'Install it, or set AGENT_PATH to its absolute path.',
    args: { searched: expect.arrayContaining(['/opt/none', join(home, '.local/bin'), '/usr/local/bin']) },
  });
});
