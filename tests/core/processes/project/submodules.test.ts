// @module-tag ci
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quickPrint } from '../../../../src/core/project/checkpoints/worktree-print.ts';
import { removeWorktree } from '../../../../src/core/project/worktrees/remove-worktree.ts';
import { checkpointScene, contentsOf } from '../../../support/checkpoint-scene.ts';

const LOCAL = ['-c', 'protocol.file.allow=always'];
const IDENTITY = ['-c', 'user.name=x', '-c', 'user.email=x@example.invalid'];

/** A worktree with an initialised submodule `sub`, with uncommitted work in it. */
async function scene() {
  const scene = await checkpointScene();
  const { repo, worktreePath } = scene;
  const library = join(repo.root, 'library');
  const sub = join(worktreePath, 'sub');
  await mkdir(library);
  await repo.git(['init', '-q'], library);
  await writeFile(join(library, 'lib.txt'), 'one\n');
  await repo.git(['add', '-A'], library);
  await repo.git([...IDENTITY, 'commit', '-q', '-m', 'Library'], library);
  await repo.git([...LOCAL, 'submodule', '--quiet', 'add', library, 'sub'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'With a library'], worktreePath);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Nowhere else'], sub);
  await writeFile(join(sub, 'lib.txt'), 'uncommitted\n');
  await writeFile(join(sub, 'new.txt'), 'unknown to git\n');
  return { ...scene, sub };
}

test('a submodule is named once as left out, and the worktree around it is saved', async () => {
  const { repo, worktreePath, keep, filesOf } = await scene();
  await using _ = repo;
  const first = await keep(1);
  expect(first).toMatchObject({ skipped: ['sub/'], newlySkipped: ['sub/'] });
  expect(await filesOf(`${first.commit}:worktree`)).toEqual(['.gitignore', '.gitmodules', 'a.txt']);
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  expect(await keep(2)).toMatchObject({ kind: 'kept', skipped: ['sub/'], newlySkipped: [] });
  expect(await keep(3)).toMatchObject({ kind: 'same', skipped: ['sub/'], newlySkipped: [] });
});

test('a rewind and its undo change nothing in a submodule: neither its files nor its commits', async () => {
  const { repo, worktreePath, sub, keep, restore } = await scene();
  await using _ = repo;
  const then = { files: await contentsOf(sub), head: await repo.git(['rev-parse', 'HEAD'], sub) };
  const now = async () => ({
    files: await contentsOf(sub),
    head: await repo.git(['rev-parse', 'HEAD'], sub),
  });
  const first = await keep(1);
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  await repo.git(['add', '-A'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Another commit of the library'], worktreePath);
  const back = await restore(first.commit, '1');
  expect(back.skipped).toEqual(['sub/']);
  expect(await now()).toEqual(then);
  expect(await readFile(join(worktreePath, 'a.txt'), 'utf8')).toBe('a\n');
  await restore(back.undo.commit, '2');
  expect(await now()).toEqual(then);
  expect(await readFile(join(worktreePath, 'a.txt'), 'utf8')).toBe('changed\n');
});

test('a rewind to before the commit that added a submodule leaves it in place', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const before = await keep(1);
  const library = join(repo.root, 'library');
  await mkdir(library);
  await repo.git(['init', '-q'], library);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Library'], library);
  await repo.git([...LOCAL, 'submodule', '--quiet', 'add', library, 'sub'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'With a library'], worktreePath);
  await writeFile(join(worktreePath, 'sub/new.txt'), 'unknown to git\n');
  await restore(before.commit, '1');
  expect(await readFile(join(worktreePath, 'sub/new.txt'), 'utf8')).toBe('unknown to git\n');
});

test('a worktree with a submodule is not removed, even if it looks clean', async () => {
  const { repo, place, worktreePath, sub } = await scene();
  await using _ = repo;
  await repo.git(['add', 'sub'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Up to date'], worktreePath);
  const remove = removeWorktree({ mainRepo: place.mainRepo, worktreePath, baseEnv: repo.env });
  await expect(remove).rejects.toMatchObject({
    code: 'git_submodules',
    hint: expect.stringContaining('--force'),
  });
  expect(await readFile(join(sub, 'new.txt'), 'utf8')).toBe('unknown to git\n');
});

test('another commit in a submodule is a change, while uncommitted changes in it are ignored', async () => {
  const { repo, worktreePath, sub } = await scene();
  await using _ = repo;
  const context = { baseEnv: repo.env };
  await repo.git(['add', 'sub'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Up to date'], worktreePath);
  const before = await quickPrint(worktreePath, context);
  await writeFile(join(sub, 'more.txt'), '');
  expect(await quickPrint(worktreePath, context)).toEqual(before);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'More'], sub);
  expect(await quickPrint(worktreePath, context)).not.toEqual(before);
});
