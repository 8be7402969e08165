import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { beyondBounds } from '../../../src/project/checkpoints/new-file-bounds.ts';
import { checkpointScene, contentsOf } from '../../support/checkpoint-scene.ts';

const MB = 1024 * 1024;
const files = (count: number, below: string, sizeBytes = 1) =>
  Array.from({ length: count }, (_, index) => ({ name: `${below}${index}`, sizeBytes }));

test.each([
  ['few files are taken', files(5000, 'a/'), [], 0],
  [
    'the folder is left out, not what lies beside it',
    [...files(5001, 'a/'), ...files(10, 'b/')],
    ['a/*'],
    5001,
  ],
  [
    'the deepest such folder is left out',
    [...files(5001, 'a/b/c/'), ...files(10, 'a/b/')],
    ['a/b/c/*'],
    5001,
  ],
  [
    'many small folders are left out together',
    Array.from({ length: 100 }, (_, index) => files(60, `a/${index}/`)).flat(),
    ['a/*'],
    6000,
  ],
  ['new files at the top are left out', files(5001, ''), ['*'], 5001],
  ['two such folders are left out each', [...files(5001, 'a/'), ...files(5001, 'b/')], ['a/*', 'b/*'], 10002],
  ['a sum of bytes counts like a number', [...files(11, 'a/', 49 * MB), ...files(2, 'b/')], ['a/*'], 11],
])('of new files beyond the bounds %s', (_, given, folders, count) => {
  const { leftOut, folders: named } = beyondBounds(given);
  expect(named).toEqual(folders);
  expect(leftOut.size).toBe(count);
});

test('new files beyond the bounds are named once and not taken, and no rewind touches them', async () => {
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

/** A filter that writes `sealed:` and the text backwards into the repository. */
async function sealedScene() {
  const scene = await checkpointScene({
    files: { 'a.txt': 'a\n', '.gitattributes': 'secret* filter=git-crypt\n' },
  });
  const { repo, worktreePath } = scene;
  await repo.git(['config', 'filter.git-crypt.clean', 'printf sealed:; rev']);
  await repo.git(['config', 'filter.git-crypt.smudge', 'cut -c8- | rev']);
  await writeFile(join(worktreePath, 'secret.env'), 'KEY=in-clear\n');
  await repo.git(['add', '-A'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Sealed'], worktreePath);
  return scene;
}

test("of a file that the repository holds encrypted a checkpoint has the repository's own blob", async () => {
  const { repo, worktreePath, keep } = await sealedScene();
  await using _ = repo;
  const own = await repo.git(['rev-parse', 'x:secret.env']);
  expect(await repo.git(['show', 'x:secret.env'])).toContain('sealed:');
  for (const [iteration, text] of ['KEY=in-clear\n', 'KEY=other-in-clear\n'].entries()) {
    await writeFile(join(worktreePath, 'secret.env'), text);
    await writeFile(join(worktreePath, 'secret.new'), text);
    const kept = await keep(iteration);
    expect(await repo.git(['rev-parse', `${kept.commit}:worktree/secret.env`])).toBe(own);
    expect(kept.skipped).toEqual(['secret.new']);
  }
  const objects = await repo.git(['cat-file', '--batch-all-objects', '--batch']);
  expect(objects).not.toContain('in-clear');
});

test('a rewind leaves files that the repository holds encrypted as they lie in the worktree, and names them', async () => {
  const { repo, worktreePath, keep, restore } = await sealedScene();
  await using _ = repo;
  const path = join(worktreePath, 'secret.env');
  const first = await keep(1);
  await writeFile(path, 'KEY=second\n');
  await writeFile(join(worktreePath, 'secret.later'), 'KEY=later\n');
  await repo.git(['add', '-A'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Second'], worktreePath);
  await writeFile(path, 'KEY=unsaved\n');
  await writeFile(join(worktreePath, 'a.txt'), 'later\n');
  const back = await restore(first.commit, '1');
  expect(back.skipped).toEqual(expect.arrayContaining(['secret.later']));
  expect(await readFile(path, 'utf8')).toBe('KEY=unsaved\n');
  expect(await readFile(join(worktreePath, 'secret.later'), 'utf8')).toBe('KEY=later\n');
  expect(await readFile(join(worktreePath, 'a.txt'), 'utf8')).toBe('a\n');
  await rm(path);
  await restore(back.undo.commit, '2');
  expect(await readFile(join(worktreePath, 'a.txt'), 'utf8')).toBe('later\n');
  expect(Object.keys(await contentsOf(worktreePath))).not.toContain('secret.env');
});
