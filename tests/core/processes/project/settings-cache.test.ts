// @module-tag ci
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readExecuting } from '../../../../src/core/project/git/executing-settings.ts';
import { SettingsCache } from '../../../../src/core/project/git/settings-cache.ts';
import { EffectCounter } from '../../../support/counted.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

/** So late that no file has changed recently. */
const LATE = { now: () => Date.now() + 10_000 };
const PAGER = '[core]\n\tpager = evil\n';

test.each<
  [string, (place: { root: string; home: string; commonDir: string; tree: string }) => Promise<unknown>]
>([
  ['in the repository', ({ commonDir }) => writeFile(join(commonDir, 'config'), PAGER, { flag: 'a' })],
  [
    'of one worktree',
    async ({ commonDir }) => {
      await writeFile(join(commonDir, 'config'), '[extensions]\n\tworktreeConfig = true\n', { flag: 'a' });
      await writeFile(join(commonDir, 'worktrees/tree/config.worktree'), PAGER);
    },
  ],
  ['of the user, through a link', ({ root }) => writeFile(join(root, 'dotfiles'), PAGER)],
  [
    'of the user, in a new file',
    async ({ home }) => {
      await mkdir(join(home, '.config/git'), { recursive: true });
      await writeFile(join(home, '.config/git/config'), PAGER);
    },
  ],
  [
    'in a file that has the size and the time of the old one',
    async ({ root }) => {
      await writeFile(join(root, 'new'), PAGER);
      await rename(join(root, 'new'), join(root, 'dotfiles'));
    },
  ],
])('a setting %s is seen after a look that started no git', async (_where, change) => {
  await using repo = await makeRepo({ files: { 'a.txt': 'a\n' } });
  const tree = join(repo.root, 'tree');
  await repo.git(['worktree', 'add', '-q', tree]);
  const [commonDir, home] = [join(repo.path, '.git'), repo.homeDir];
  const users = join(home, '.gitconfig');
  const dotfiles = join(repo.root, 'dotfiles');
  await rename(users, dotfiles).catch(() => writeFile(dotfiles, ''));
  await symlink(dotfiles, users);
  const cache = new SettingsCache(LATE);
  const read = () => readExecuting({ commonDir, worktreePath: tree }, { baseEnv: repo.env }, cache);
  const asks = async () => {
    using counter = new EffectCounter('read');
    await read();
    return counter.of('read').programs;
  };
  expect(await asks()).toBeGreaterThan(0);
  expect(await asks()).toBe(0);
  await change({ root: repo.root, home, commonDir, tree });
  const { repository, outside } = await read();
  expect([...repository, ...outside]).toContainEqual(['core.pager', 'evil']);
});

test('settings that include others are read each time, because a missing file can appear', async () => {
  await using repo = await makeRepo({ files: { 'a.txt': 'a\n' } });
  await repo.git(['config', 'include.path', join(repo.root, 'later')]);
  const cache = new SettingsCache(LATE);
  const place = { folder: repo.path, commonDir: join(repo.path, '.git') };
  const ask = async () => [{ isOfRepository: true, setting: ['include.path', 'later'] as [string, string] }];
  let asked = 0;
  const read = () =>
    cache.read(place, { baseEnv: repo.env }, async () => {
      asked += 1;
      return await ask();
    });
  await read();
  await read();
  expect(asked).toBe(2);
});
