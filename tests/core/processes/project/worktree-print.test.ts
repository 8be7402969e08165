// @module-tag ci
import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepCheckpoint } from '../../../../src/core/project/checkpoints/checkpoint.ts';
import { checkpointScene } from '../../../support/checkpoint-scene.ts';

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
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.invalid'];
  await repo.git([...identity, 'commit', '-q', '--allow-empty', '-m', 'First'], inside);
  const first = await print();
  await writeFile(join(inside, 'uncommitted.txt'), '');
  expect(await print()).toBe(first);
  await repo.git([...identity, 'commit', '-q', '--allow-empty', '-m', 'Second'], inside);
  const second = await print();
  expect(second).not.toBe(first);
  await writeFile(large, Buffer.alloc(50 * 1024 * 1024 + 2));
  expect(await print()).not.toBe(second);
});
