import { IDENTITY } from '../../../support/temp-repo.ts';
// @module-tag ci

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quickPrint } from '../../../../src/core/project/checkpoints/worktree-print.ts';
import { commonDirOf } from '../../../../src/core/project/git/repository.ts';
import { makeClone } from '../../../../src/core/project/proving/clean-clone.ts';
import { uncommittedIn } from '../../../../src/core/project/worktrees/inspect-worktree.ts';
import { removeWorktree } from '../../../../src/core/project/worktrees/remove-worktree.ts';
import { addSubmodules } from '../../../../src/core/project/worktrees/submodules.ts';
import { ensureWorktree } from '../../../../src/core/project/worktrees/worktree.ts';
import { checkpointScene, contentsOf } from '../../../support/checkpoint-scene.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';
import { repoWithLibraries } from '../../../support/with-libraries.ts';

const LOCAL = ['-c', 'protocol.file.allow=always'];

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

async function worktreeOf(repo: TempRepo) {
  const worktreePath = join(repo.root, 'worktrees/x');
  await mkdir(join(repo.root, 'worktrees'), { recursive: true });
  const place = { mainRepo: repo.path, worktreePath, baseEnv: repo.env };
  const baseCommit = await repo.git(['rev-parse', 'HEAD']);
  await ensureWorktree({ ...place, branch: 'x', baseCommit });
  const add = async () => addSubmodules(worktreePath, await commonDirOf(repo.path, place), place);
  await add();
  return { worktreePath, place, add, outer: join(worktreePath, 'libs/outer') };
}

test('a worktree gets the submodules that the repository has locally, also nested ones, and nothing else changes', async () => {
  await using repo = await repoWithLibraries();
  const settings = () => repo.git(['config', '--list', '--show-origin']);
  const modules = () => contentsOf(join(repo.path, '.git/modules'));
  const before = { settings: await settings(), modules: await modules(), main: await contentsOf(repo.path) };
  const { worktreePath, outer, add } = await worktreeOf(repo);
  expect(await readFile(join(outer, 'lib.txt'), 'utf8')).toBe('outer\n');
  expect(await readFile(join(outer, 'inner/lib.txt'), 'utf8')).toBe('inner\n');
  expect(await repo.git(['status', '--porcelain'], worktreePath)).toBe('');
  expect(await repo.git(['submodule', 'status'], worktreePath)).toMatch(/^\w+ libs\/outer/);
  expect(await repo.git(['remote', 'get-url', 'origin'], outer)).toBe(join(repo.root, 'outer'));
  expect({ settings: await settings(), modules: await modules(), main: await contentsOf(repo.path) }).toEqual(
    before,
  );
  await writeFile(join(outer, 'lib.txt'), 'edited\n');
  await add();
  expect(await readFile(join(outer, 'lib.txt'), 'utf8')).toBe('edited\n');
});

test('SETUP that updates the submodules itself finds them as git would have made them', async () => {
  await using repo = await repoWithLibraries();
  const { worktreePath, outer } = await worktreeOf(repo);
  await repo.git(['submodule', '--quiet', 'update', '--init', '--recursive'], worktreePath);
  expect(await repo.git(['status', '--porcelain'], worktreePath)).toBe('');
  expect(await repo.git(['rev-parse', '--absolute-git-dir'], outer)).toBe(
    join(repo.path, '.git/worktrees/x/modules/libs/outer'),
  );
});

test('an interrupted checkout of a submodule is completed', async () => {
  await using repo = await repoWithLibraries();
  const { outer, add } = await worktreeOf(repo);
  await writeFile(join(repo.path, '.git/worktrees/x/modules/libs/outer/HEAD'), 'ref: refs/heads/submodule\n');
  await writeFile(join(outer, 'lib.txt'), 'ou');
  await add();
  expect(await readFile(join(outer, 'lib.txt'), 'utf8')).toBe('outer\n');
});

test('a worktree whose submodules are as the commit has them is removed', async () => {
  await using repo = await repoWithLibraries();
  const { worktreePath, place } = await worktreeOf(repo);
  expect(await removeWorktree(place)).toEqual({ kind: 'removed' });
  expect(existsSync(worktreePath) || existsSync(join(repo.path, '.git/worktrees'))).toBe(false);
  expect(await repo.git(['status', '--porcelain'])).toBe('');
});

test.each<[string, string, (repo: TempRepo, sub: string) => Promise<unknown>]>([
  ['an edit', 'libs/outer', (_, sub) => writeFile(join(sub, 'lib.txt'), 'edited\n')],
  ['a new file in a nested one', 'libs/outer/inner', (_, sub) => writeFile(join(sub, 'new.txt'), '')],
  [
    'a commit on another branch',
    'libs/outer',
    async (repo, sub) => {
      await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Mine'], sub);
      await repo.git(['checkout', '-q', '--detach', 'HEAD~1'], sub);
    },
  ],
])('a worktree with %s in a submodule is not removed', async (_, at, work) => {
  await using repo = await repoWithLibraries();
  const { worktreePath, place } = await worktreeOf(repo);
  await work(repo, join(worktreePath, at));
  await expect(removeWorktree(place)).rejects.toMatchObject({ code: 'git_submodules' });
  expect(existsSync(join(worktreePath, at))).toBe(true);
});

test('another commit of a submodule is a change of the worktree, and the clone of a proof has it', async () => {
  await using repo = await repoWithLibraries();
  const { worktreePath, place, outer } = await worktreeOf(repo);
  await writeFile(join(outer, 'lib.txt'), 'newer\n');
  await repo.git([...IDENTITY, 'commit', '-q', '-am', 'Newer'], outer);
  expect(await uncommittedIn(worktreePath, place)).toEqual([{ kind: 'changed', path: 'libs/outer' }]);
  await repo.git(['commit', '-q', '-am', 'A newer library'], worktreePath);
  const dir = join(repo.root, 'clone');
  const [commit = '', base = ''] = (await repo.git(['rev-parse', 'x', 'main'])).split('\n');
  const worktreeGitDir = join(repo.path, '.git/worktrees/x');
  await makeClone({ mainRepo: repo.path, worktreeGitDir, dir, commit, branch: 'x', base }, place);
  expect(await readFile(join(dir, 'libs/outer/lib.txt'), 'utf8')).toBe('newer\n');
});
