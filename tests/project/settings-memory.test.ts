import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SettingsMemory } from '../../src/project/git/settings-memory.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Asks a memory and tells whether it had to ask git. */
async function scene() {
  const dir = await tempDir();
  const memory = new SettingsMemory();
  const named = (names: readonly string[]) =>
    names.map((name) => ({ isOfRepository: true, setting: [name, ''] as [string, string] }));
  let answer = named(['core.bare']);
  const asked = async (files: Record<string, string> = {}, env: Record<string, string> = {}) => {
    let count = 0;
    const ask = async () => {
      count += 1;
      return answer;
    };
    const settings = await memory.settings(files, { baseEnv: { HOME: dir.path, ...env } }, ask);
    expect(settings).toEqual(answer);
    return count === 1;
  };
  return {
    dir,
    asked,
    answer: (names: string[]) => {
      answer = named(names);
    },
  };
}

test('git is asked once while nothing changes', async () => {
  const { dir, asked } = await scene();
  await using _ = dir;
  expect(await asked({ '/r/config': 'a' })).toBe(true);
  expect(await asked({ '/r/config': 'a' })).toBe(false);
  expect(await asked({ '/r/config': 'b' })).toBe(true);
  expect(await asked({ '/r/config': 'b', '/r/config.worktree': 'c' })).toBe(true);
});

test("a change of the person's own settings is noticed, also behind a link, and when it is the first", async () => {
  const { dir, asked } = await scene();
  await using _ = dir;
  await asked();
  await writeFile(join(dir.path, 'dotfiles'), 'one');
  await symlink(join(dir.path, 'dotfiles'), join(dir.path, '.gitconfig'));
  expect(await asked()).toBe(true);
  expect(await asked()).toBe(false);
  await writeFile(join(dir.path, 'dotfiles'), 'two');
  expect(await asked()).toBe(true);
  await mkdir(join(dir.path, '.config/git'), { recursive: true });
  await writeFile(join(dir.path, '.config/git/config'), '');
  expect(await asked()).toBe(true);
  await rm(join(dir.path, '.gitconfig'));
  expect(await asked()).toBe(true);
});

test('another global file is another answer', async () => {
  const { dir, asked } = await scene();
  await using _ = dir;
  await writeFile(join(dir.path, 'mine'), '');
  const env = { GIT_CONFIG_GLOBAL: join(dir.path, 'mine') };
  await asked({}, env);
  expect(await asked({}, env)).toBe(false);
  await writeFile(join(dir.path, 'mine'), 'more');
  expect(await asked({}, env)).toBe(true);
});

test.each(['include.path', 'includeIf.onbranch:main.path'])(
  'settings with %s are asked every time',
  async (name) => {
    const { dir, asked, answer } = await scene();
    await using _ = dir;
    answer(['core.bare', name]);
    expect(await asked()).toBe(true);
    expect(await asked()).toBe(true);
    answer(['core.bare']);
    expect(await asked()).toBe(true);
    expect(await asked()).toBe(false);
  },
);

test('what can be no settings file is no reason to trust an answer', async () => {
  const { dir, asked } = await scene();
  await using _ = dir;
  await mkdir(join(dir.path, '.gitconfig'));
  expect(await asked()).toBe(true);
  expect(await asked()).toBe(true);
});
