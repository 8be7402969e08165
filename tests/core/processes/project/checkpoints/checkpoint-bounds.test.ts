import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { foldersBeyondBounds } from '../../../../../src/core/project/checkpoints/file-bounds.ts';
import { checkpointScene, contentsOf, sealedScene } from '../../../../support/checkpoint-scene.ts';
import { ci } from '../../../../support/ci.ts';

const MB = 1024 * 1024;
const files = (count: number, below: string, sizeBytes = 1) =>
  Array.from({ length: count }, (_, index) => ({ name: `${below}${index}`, sizeBytes }));

test.each([
  ['few files are taken', files(5000, 'a/'), []],
  ['the folder is left out, not the files next to it', [...files(5001, 'a/'), ...files(10, 'b/')], ['a/']],
  ['the deepest such folder is left out', [...files(5001, 'a/b/c/'), ...files(10, 'a/b/')], ['a/b/c/']],
  [
    'many small folders are left out together',
    Array.from({ length: 100 }, (_, index) => files(60, `a/${index}/`)).flat(),
    ['a/'],
  ],
  ['new files at the top level are left out', files(5001, ''), ['']],
  ['each of two such folders is left out', [...files(5001, 'a/'), ...files(5001, 'b/')], ['a/', 'b/']],
  [
    'a total of bytes counts like a number of files',
    [...files(11, 'a/', 49 * MB), ...files(2, 'b/')],
    ['a/'],
  ],
])('beyond the bounds for new files %s', ci, (_, given, folders) => {
  expect(foldersBeyondBounds(given)).toEqual(folders);
});

test('new files beyond the bounds are named once and left out, and no rewind touches them', async () => {
  const { repo, worktreePath, keep, filesOf, restore } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  await mkdir(join(worktreePath, 'deps/x'), { recursive: true });
  for (let index = 0; index <= 5000; index += 1) await writeFile(join(worktreePath, `deps/x/${index}`), '');
  await writeFile(join(worktreePath, 'mine.txt'), 'mine\n');
  const second = await keep(2);
  expect(second).toMatchObject({ skipped: ['deps/x/*'], newlySkipped: ['deps/x/*'] });
  expect(await filesOf(`${second.commit}:worktree`)).toEqual(['.gitignore', 'a.txt', 'mine.txt']);
  expect(await keep(3)).toMatchObject({ kind: 'same', newlySkipped: [] });
  expect((await restore(first.commit, '1')).skipped).toEqual(['deps/x/*']);
  expect(Object.keys(await contentsOf(join(worktreePath, 'deps/x')))).toHaveLength(5001);

  await repo.git(['add', '-A'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'They are work'], worktreePath);
  const { commit, skipped } = await keep(4);
  expect(skipped).toEqual([]);
  expect(await filesOf(`${commit}:worktree`)).toHaveLength(5003);
});

test('a file that a filter encrypts is in no checkpoint as plaintext, and is named once it differs from the commit', async () => {
  const { repo, worktreePath, keep, filesOf } = await sealedScene();
  await using _ = repo;
  expect(await repo.git(['show', 'x:private.env'])).toContain('sealed:');
  expect((await keep(1)).skipped).toEqual([]);
  await writeFile(join(worktreePath, 'private.env'), 'KEY=other-in-clear\n');
  await writeFile(join(worktreePath, 'private.new'), 'KEY=new-in-clear\n');
  const kept = await keep(2);
  expect([...kept.skipped].sort()).toEqual(['private.env', 'private.new']);
  expect(await filesOf(`${kept.commit}:worktree`)).toEqual(['.gitattributes', 'a.txt']);
  const objects = await repo.git(['cat-file', '--batch-all-objects', '--batch']);
  expect(objects).not.toContain('in-clear');
});

test.each([
  ['a filter that only cleans on commit', 'tidy', 'cat'],
  ['LFS', 'lfs', 'cut -c8- | rev'],
])('the changed files of %s are kept byte for byte', async (_, filter, smudge) => {
  const { repo, worktreePath, keep } = await sealedScene(filter);
  await using _repo = repo;
  await repo.git(['config', `filter.${filter}.smudge`, smudge]);
  await writeFile(join(worktreePath, 'private.env'), 'changed\n');
  const kept = await keep(1);
  expect(kept.skipped).toEqual([]);
  expect(await repo.git(['show', `${kept.commit}:worktree/private.env`])).toBe('changed');
});

test('files that a filter of the older state encrypts are kept if a rewind would remove them', async () => {
  const { repo, worktreePath, keep, restore } = await sealedScene();
  await using _ = repo;
  const first = await keep(1);
  await rm(join(worktreePath, '.gitattributes'));
  await keep(2);
  await restore(first.commit, '1');
  expect(await readFile(join(worktreePath, 'private.env'), 'utf8')).toBe('KEY=in-clear\n');
});

test('a rewind does not change files that the repository holds encrypted, and names them', async () => {
  const { repo, worktreePath, keep, restore } = await sealedScene();
  await using _ = repo;
  const path = join(worktreePath, 'private.env');
  const first = await keep(1);
  await writeFile(path, 'KEY=second\n');
  await writeFile(join(worktreePath, 'private.later'), 'KEY=later\n');
  await repo.git(['add', '-A'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Second'], worktreePath);
  await writeFile(path, 'KEY=unsaved\n');
  await writeFile(join(worktreePath, 'a.txt'), 'later\n');
  const back = await restore(first.commit, '1');
  expect(back.skipped).toEqual(expect.arrayContaining(['private.later']));
  expect(await readFile(path, 'utf8')).toBe('KEY=unsaved\n');
  expect(await readFile(join(worktreePath, 'private.later'), 'utf8')).toBe('KEY=later\n');
  expect(await readFile(join(worktreePath, 'a.txt'), 'utf8')).toBe('a\n');
  await rm(path);
  await restore(back.undo.commit, '2');
  expect(await readFile(join(worktreePath, 'a.txt'), 'utf8')).toBe('later\n');
  expect(Object.keys(await contentsOf(worktreePath))).not.toContain('private.env');
});
