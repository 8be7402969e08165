// @module-tag ci
import { mkdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gitDirOf, isOwnGitDir, sharedDirOf } from '../../../../src/core/kernel/files/git-pointer.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function linked() {
  const repo = await makeRepo();
  const worktree = join(repo.root, 'linked');
  await repo.git(['worktree', 'add', '-q', '-b', 'boat', worktree]);
  return { repo, worktree, [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose]() };
}

test('a linked worktree has its own git folder and a shared one', async () => {
  await using place = await linked();
  const { repo, worktree } = place;
  const own = await gitDirOf(worktree);
  expect(own).toBe(await repo.git(['rev-parse', '--absolute-git-dir'], worktree));
  expect(await realpath((await sharedDirOf(own ?? '')) ?? '')).toBe(await realpath(join(repo.path, '.git')));
  expect(await gitDirOf(repo.path)).toBeUndefined();
  expect(await sharedDirOf(join(repo.path, '.git'))).toBeUndefined();
});

test("only a worktree's own git folder is recognized as such", async () => {
  await using place = await linked();
  const { repo, worktree } = place;
  const own = (await gitDirOf(worktree)) ?? '';
  expect(await isOwnGitDir(worktree, own)).toBe(true);
  expect(await isOwnGitDir(worktree, join(repo.path, '.git'))).toBe(false);
  const other = join(repo.root, 'other');
  await repo.git(['worktree', 'add', '-q', '-b', 'other', other]);
  expect(await isOwnGitDir(other, own)).toBe(false);
  // Moved by hand: git's record points to a missing path, and to no other worktree.
  await rename(worktree, `${worktree}-moved`);
  expect(await isOwnGitDir(`${worktree}-moved`, own)).toBe(true);
});

test('a relative pointer and one through a link are followed', async () => {
  await using place = await linked();
  const { repo, worktree } = place;
  await writeFile(join(repo.root, 'pointer'), 'gitdir: ../elsewhere\n');
  await rm(join(worktree, '.git'));
  await symlink(join(repo.root, 'pointer'), join(worktree, '.git'));
  expect(await gitDirOf(worktree)).toBe(join(repo.root, 'elsewhere'));
});

test('a pipe, a folder or nothing at the path of .git blocks no reader, not even the guard', async () => {
  await using place = await linked();
  const { repo, worktree } = place;
  const pointer = join(worktree, '.git');
  await rm(pointer);
  expect(await gitDirOf(worktree)).toBeUndefined();
  await runCommand('mkfifo', [pointer], { cwd: repo.path, env: repo.env });
  expect(await gitDirOf(worktree)).toBeUndefined();
  await rm(pointer);
  await mkdir(pointer);
  expect(await gitDirOf(worktree)).toBeUndefined();
});
