import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepCheckpoint } from '../../src/project/checkpoint.ts';
import { openStore } from '../../src/project/checkpoint-store.ts';
import { takeFiles } from '../../src/project/take-files.ts';
import { ensureWorktree } from '../../src/project/worktree.ts';
import { makeRepo } from '../support/temp-repo.ts';

/** A repository in the usual layout: a worktree and a session folder inside it. */
async function scene() {
  const repo = await makeRepo({ files: { 'a.txt': 'a\n', '.gitignore': 'ignored/\n' } });
  await writeFile(join(repo.path, '.git/info/exclude'), '/_samocode/\n');
  const worktreePath = join(repo.path, '_samocode/worktrees/26-01-08-x');
  const sessionDir = join(repo.path, '_samocode/sessions/26-01-08-x');
  await mkdir(join(sessionDir, '_logs'), { recursive: true });
  await writeFile(join(sessionDir, '_overview.md'), '# Session\n');
  await writeFile(join(sessionDir, '_logs/long.jsonl'), '{}\n');
  const baseCommit = await repo.git(['rev-parse', 'HEAD']);
  await ensureWorktree({ mainRepo: repo.path, worktreePath, branch: 'x', baseCommit, baseEnv: repo.env });
  const storeDir = join(repo.path, '_samocode/sessions/.run/26-01-08-x/checkpoints');
  const place = { mainRepo: repo.path, worktreePath, sessionDir, storeDir, branch: 'x', baseEnv: repo.env };
  const keep = (iteration: number) =>
    keepCheckpoint({ ...place, sessionFolder: '26-01-08-x', moment: { kind: 'after', iteration } });
  const filesOf = async (commit: string) =>
    (await repo.git(['ls-tree', '-r', '--name-only', commit])).split('\n');
  return { repo, worktreePath, sessionDir, place, keep, filesOf };
}

test('changed, new and deleted files and the documents are kept, and nothing in the worktree moves', async () => {
  const { repo, worktreePath, keep, filesOf } = await scene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  await writeFile(join(worktreePath, 'new ü.txt'), 'new\n');
  await mkdir(join(worktreePath, 'ignored'));
  await writeFile(join(worktreePath, 'ignored/x'), '');
  await repo.git(['rm', '-q', '.gitignore', '--cached'], worktreePath);
  const before = await repo.git(['status', '--porcelain'], worktreePath);
  const kept = await keep(1);
  expect(kept).toMatchObject({ kind: 'kept', ref: 'refs/samocode/26-01-08-x/001', skipped: [] });
  expect(await filesOf(kept.commit)).toEqual([
    'session/_overview.md',
    'worktree/.gitignore',
    'worktree/a.txt',
    '"worktree/new \\303\\274.txt"',
  ]);
  expect(await repo.git(['show', `${kept.ref}:worktree/a.txt`])).toBe('changed');
  expect(await repo.git(['status', '--porcelain'], worktreePath)).toBe(before);
  expect(await repo.git(['rev-parse', `${kept.commit}^`])).toBe(await repo.git(['rev-parse', 'x']));
  expect(await repo.git(['status', '--porcelain'])).toBe('');
});

test('nothing new is made while nothing changes', async () => {
  const { repo, worktreePath, sessionDir, keep } = await scene();
  await using _ = repo;
  const first = await keep(1);
  expect(await keep(2)).toEqual({ ...first, kind: 'same' });
  await writeFile(join(sessionDir, '_overview.md'), '# Another\n');
  expect(await keep(3)).toMatchObject({ kind: 'kept', ref: 'refs/samocode/26-01-08-x/003' });
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Only a commit'], worktreePath);
  expect(await keep(4)).toMatchObject({ kind: 'kept' });
});

test('huge files and repositories inside are left out and named', async () => {
  const { repo, worktreePath, keep, filesOf } = await scene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'huge [1].bin'), '');
  await truncate(join(worktreePath, 'huge [1].bin'), 51 * 1024 * 1024);
  await mkdir(join(worktreePath, 'inner'));
  await repo.git(['init', '-q'], join(worktreePath, 'inner'));
  await writeFile(join(worktreePath, 'small.txt'), '');
  await symlink('/nowhere', join(worktreePath, 'link'));
  const kept = await keep(1);
  expect([...kept.skipped].sort()).toEqual(['huge [1].bin', 'inner/']);
  expect(await filesOf(kept.commit)).toEqual(expect.arrayContaining(['worktree/small.txt', 'worktree/link']));
  expect(await filesOf(kept.commit)).not.toContain('worktree/huge [1].bin');
});

test('a merge that waits for its conflicts is kept with both sides, and stays as it is', async () => {
  const { repo, worktreePath, keep } = await scene();
  await using _ = repo;
  await repo.commit('Theirs', { 'a.txt': 'theirs\n' });
  await writeFile(join(worktreePath, 'a.txt'), 'ours\n');
  await repo.git(['commit', '-q', '-a', '-m', 'Ours'], worktreePath);
  await expect(repo.git(['merge', 'main'], worktreePath)).rejects.toThrow();
  const kept = await keep(1);
  expect(await repo.git(['show', `${kept.ref}:worktree/a.txt`])).toContain('=======');
  expect(await repo.git(['status', '--porcelain'], worktreePath)).toContain('UU a.txt');
});

test('a checkpoint is kept without any identity', async () => {
  const { repo, keep } = await scene();
  await using _ = repo;
  await repo.git(['config', '--remove-section', 'user']);
  expect(await keep(1)).toMatchObject({ kind: 'kept' });
});

test('a worktree whose branch is gone from the checkout is kept too', async () => {
  const { repo, worktreePath, keep, filesOf } = await scene();
  await using _ = repo;
  await repo.git(['checkout', '-q', '--orphan', 'fresh'], worktreePath);
  await rm(join(worktreePath, 'a.txt'));
  const kept = await keep(1);
  expect(await filesOf(kept.commit)).toEqual(['session/_overview.md', 'worktree/.gitignore']);
  expect(await repo.git(['rev-parse', `${kept.commit}^`])).toBe(await repo.git(['rev-parse', 'x']));
});

test('a folder that lost its .git file is kept, and not taken for the repository around it', async () => {
  const { repo, worktreePath, keep, filesOf } = await scene();
  await using _ = repo;
  await repo.commit('Of the repository around it', { 'around.txt': '' });
  await rm(join(worktreePath, '.git'));
  const kept = await keep(1);
  expect(await filesOf(kept.commit)).toEqual([
    'session/_overview.md',
    'worktree/.gitignore',
    'worktree/a.txt',
  ]);
  expect(await repo.git(['rev-parse', `${kept.commit}^`])).toBe(await repo.git(['rev-parse', 'x']));
});

test('a checkpoint that was cut off after the files were taken is not mistaken for one that was made', async () => {
  const { repo, worktreePath, keep, place } = await scene();
  await using _ = repo;
  await keep(1);
  await writeFile(join(worktreePath, 'a.txt'), 'new\n');
  const store = await openStore(place);
  await takeFiles(store, { part: 'worktree', folder: worktreePath });
  const kept = await keep(2);
  expect(kept.kind).toBe('kept');
  expect(await repo.git(['show', `${kept.ref}:worktree/a.txt`])).toBe('new');
});
