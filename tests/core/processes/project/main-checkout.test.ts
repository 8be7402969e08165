// @module-tag ci
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { movesBetween, readMainCheckout } from '../../../../src/core/project/worktrees/main-checkout.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const readCheckout = (repo: TempRepo) => readMainCheckout({ mainRepo: repo.path, baseEnv: repo.env });

async function movesDuring(repo: TempRepo, act: () => Promise<unknown>): Promise<string[]> {
  const before = await readCheckout(repo);
  await act();
  return movesBetween(before, await readCheckout(repo));
}

test('what a person saves, stages and creates in the main checkout is no move', async () => {
  await using repo = await makeRepo();
  const moves = await movesDuring(repo, async () => {
    await repo.write({ 'README.md': 'changed', 'new.txt': '' });
    await repo.git(['add', 'README.md']);
  });
  expect(moves).toEqual([]);
});

test('a commit and another branch are each detected', async () => {
  await using repo = await makeRepo();
  expect(await movesDuring(repo, () => repo.git(['checkout', '-q', '-b', 'other']))).toEqual([
    'the branch changed from main to other',
  ]);
  expect(await movesDuring(repo, () => repo.commit('Done'))).toEqual([
    expect.stringMatching(/^HEAD moved from [0-9a-f]{10} to [0-9a-f]{10}$/),
  ]);
  expect(await movesDuring(repo, () => repo.git(['checkout', '-q', '--detach']))).toEqual([
    'the branch changed from other to none',
  ]);
});

test.each<[string, (repo: TempRepo) => Promise<unknown>, string]>([
  [
    'declared bare',
    ({ git }) => git(['config', 'core.bare', 'true']),
    'this operation must be run in a work tree',
  ],
  ['put on a branch without a commit', ({ git }) => git(['checkout', '-q', '--orphan', 'x']), 'HEAD'],
  [
    'whose git folder is gone',
    ({ path }) => rm(join(path, '.git'), { recursive: true }),
    'not a git repository',
  ],
])('a main checkout %s can no longer be read, and says why', async (_how, damage, said) => {
  await using repo = await makeRepo();
  expect(await movesDuring(repo, () => damage(repo))).toEqual([
    expect.stringMatching(new RegExp(`^it can no longer be read: .*git said: .*${said}`)),
  ]);
  // If it was unreadable before the agent, nothing is reported.
  expect(await movesDuring(repo, async () => undefined)).toEqual([]);
});

test.each<[string, (repo: TempRepo) => Promise<unknown>, RegExp]>([
  [
    'cut to its last commit',
    ({ git, path }) => git(['fetch', '-q', '--depth=1', `file://${path}`, 'main']),
    /shallower; `git fetch --unshallow`/,
  ],
  ['with a replaced commit', ({ git }) => git(['replace', '--graft', 'HEAD']), /`git replace -d`/],
  [
    'with grafts',
    ({ path }) => writeFile(join(path, '.git/info/grafts'), `${'a'.repeat(40)}\n`),
    /`info\/grafts`/,
  ],
  [
    'with alternates',
    ({ path }) => writeFile(join(path, '.git/objects/info/alternates'), `${path}/.git/objects\n`),
    /`git repack -a -d`/,
  ],
])('a clone %s is a move that names what undoes it', async (_how, change, said) => {
  await using repo = await makeRepo();
  await repo.commit('Second');
  expect(await movesDuring(repo, () => change(repo))).toEqual([expect.stringMatching(said)]);
  expect(await movesDuring(repo, async () => undefined)).toEqual([]);
});
