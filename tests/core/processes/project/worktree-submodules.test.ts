// @module-tag ci
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commonDirOf } from '../../../../src/core/project/git/repository.ts';
import { makeClone } from '../../../../src/core/project/proving/clean-clone.ts';
import { uncommittedIn } from '../../../../src/core/project/worktrees/inspect-worktree.ts';
import { removeWorktree } from '../../../../src/core/project/worktrees/remove-worktree.ts';
import { addSubmodules } from '../../../../src/core/project/worktrees/submodules.ts';
import { ensureWorktree } from '../../../../src/core/project/worktrees/worktree.ts';
import { contentsOf } from '../../../support/checkpoint-scene.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';
import { repoWithLibraries } from '../../../support/with-libraries.ts';

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
      const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.invalid'];
      await repo.git([...identity, 'commit', '-q', '--allow-empty', '-m', 'Mine'], sub);
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
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.invalid'];
  await repo.git([...identity, 'commit', '-q', '-am', 'Newer'], outer);
  expect(await uncommittedIn(worktreePath, place)).toEqual([{ kind: 'changed', path: 'libs/outer' }]);
  await repo.git(['commit', '-q', '-am', 'A newer library'], worktreePath);
  const dir = join(repo.root, 'clone');
  const [commit = '', base = ''] = (await repo.git(['rev-parse', 'x', 'main'])).split('\n');
  const worktreeGitDir = join(repo.path, '.git/worktrees/x');
  await makeClone({ mainRepo: repo.path, worktreeGitDir, dir, commit, branch: 'x', base }, place);
  expect(await readFile(join(dir, 'libs/outer/lib.txt'), 'utf8')).toBe('newer\n');
});
