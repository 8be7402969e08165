// @module-tag ci
import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { movesBetween, readMainCheckout } from '../../../../src/core/project/worktrees/main-checkout.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const readCheckout = (repo: TempRepo) =>
  readMainCheckout({
    mainRepo: repo.path,
    ours: [join(repo.path, '_samocode/sessions'), join(repo.path, 'trees'), join(repo.root, 'far away')],
    baseEnv: repo.env,
  });

async function movesDuring(repo: TempRepo, act: () => Promise<unknown>): Promise<string[]> {
  const before = await readCheckout(repo);
  await act();
  return movesBetween(before, await readCheckout(repo));
}

test('changes in SESSIONS and WORKTREES inside the repository do not count', async () => {
  await using repo = await makeRepo();
  const moves = await movesDuring(repo, () =>
    repo.write({ '_samocode/sessions/a/_overview.md': '', 'trees/b/x.ts': '' }),
  );
  expect(moves).toEqual([]);
});

test('a touched file with the same content does not count as a change', async () => {
  await using repo = await makeRepo();
  const moves = await movesDuring(repo, () => utimes(join(repo.path, 'README.md'), new Date(), new Date(0)));
  expect(moves).toEqual([]);
});

test('a commit, a staged file, a changed file and another branch are each detected', async () => {
  await using repo = await makeRepo();
  expect(await movesDuring(repo, () => repo.write({ 'README.md': 'changed' }))).toEqual([
    'files or the index changed',
  ]);
  expect(await movesDuring(repo, () => repo.git(['add', 'README.md']))).toEqual([
    'files or the index changed',
  ]);
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

test('a repository without a commit has a fingerprint too', async () => {
  await using repo = await makeRepo({ empty: true });
  expect(await readCheckout(repo)).toMatchObject({ branch: 'main' });
  expect(await movesDuring(repo, () => repo.commit('First'))).toEqual([
    expect.stringMatching(/^HEAD moved from no commit to/),
  ]);
});

test('other content with the same status letters is a change of the index', async () => {
  await using repo = await makeRepo();
  await repo.write({ 'README.md': 'one\n' });
  await repo.git(['add', 'README.md']);
  const moves = await movesDuring(repo, async () => {
    await repo.write({ 'README.md': 'two\n' });
    await repo.git(['add', 'README.md']);
  });
  expect(moves).toEqual(['files or the index changed']);
  expect(await movesDuring(repo, () => repo.git(['mv', 'README.md', 'GUIDE.md']))).toEqual([
    'files or the index changed',
  ]);
  expect(await movesDuring(repo, () => repo.write({ 'GUIDE.md': 'three\n' }))).toEqual([
    'files or the index changed',
  ]);
});

test.each<[string, (repo: TempRepo) => Promise<unknown>, string]>([
  [
    'declared bare',
    ({ git }) => git(['config', 'core.bare', 'true']),
    'this operation must be run in a work tree',
  ],
  ['whose index is damaged', ({ path }) => writeFile(join(path, '.git/index'), 'x'), 'index file'],
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
