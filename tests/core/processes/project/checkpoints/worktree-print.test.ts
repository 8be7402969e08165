// @module-tag ci
import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepCheckpoint } from '../../../../../src/core/project/checkpoints/checkpoint.ts';
import { movesBetween, readMainCheckout } from '../../../../../src/core/project/worktrees/main-checkout.ts';
import { checkpointScene } from '../../../../support/checkpoint-scene.ts';
import { IDENTITY, makeRepo, type TempRepo } from '../../../../support/temp-repo.ts';

async function scene() {
  const scene = await checkpointScene();
  let iteration = 0;
  const print = async () => {
    iteration += 1;
    const kept = await keepCheckpoint({ ...scene.place, moment: { kind: 'after', iteration } });
    return kept.print;
  };
  return { ...scene, print };
}

test('touched, staged and ignored files do not count as a change', async () => {
  const { repo, worktreePath, print } = await scene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'new.txt'), 'new\n');
  const before = await print();
  await utimes(join(worktreePath, 'a.txt'), new Date(), new Date(0));
  await repo.git(['add', 'new.txt'], worktreePath);
  await mkdir(join(worktreePath, 'ignored'));
  await writeFile(join(worktreePath, 'ignored/x.txt'), '');
  expect(await print()).toBe(before);
});

test('each kind of change is detected', async () => {
  const { repo, worktreePath, print } = await scene();
  await using _ = repo;
  const seen = [await print()];
  const after = async (act: Promise<unknown>) => {
    await act;
    const now = await print();
    expect(seen).not.toContain(now);
    seen.push(now);
  };
  await after(writeFile(join(worktreePath, 'a.txt'), 'changed\n'));
  await after(writeFile(join(worktreePath, 'a.txt'), 'CHANGED\n'));
  await after(writeFile(join(worktreePath, 'new name.txt'), ''));
  await after(rename(join(worktreePath, 'new name.txt'), join(worktreePath, 'another name.txt')));
  await after(chmod(join(worktreePath, 'a.txt'), 0o755));
  await after(symlink('a.txt', join(worktreePath, 'link')));
  await after(rm(join(worktreePath, 'link')).then(() => symlink('b.txt', join(worktreePath, 'link'))));
  for (const hides of ['--assume-unchanged', '--skip-worktree']) {
    await repo.git(['update-index', hides, 'a.txt'], worktreePath);
    await after(writeFile(join(worktreePath, 'a.txt'), `hidden by ${hides}\n`));
  }
});

test('files excluded from checkpoints count as well: large files, and commits of a nested repository', async () => {
  const { repo, worktreePath, print } = await scene();
  await using _ = repo;
  const large = join(worktreePath, 'large.bin');
  await writeFile(large, Buffer.alloc(50 * 1024 * 1024 + 1));
  const inside = join(worktreePath, 'inside');
  await repo.git(['init', '-q', inside]);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'First'], inside);
  const first = await print();
  await writeFile(join(inside, 'uncommitted.txt'), '');
  expect(await print()).toBe(first);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Second'], inside);
  const second = await print();
  expect(second).not.toBe(first);
  await writeFile(large, Buffer.alloc(50 * 1024 * 1024 + 2));
  expect(await print()).not.toBe(second);
});

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
