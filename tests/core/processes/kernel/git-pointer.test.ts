import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gitDirOf, isOwnGitDir, sharedDirOf } from '../../../../src/core/kernel/files/git-pointer.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { gitsIn } from '../../../../src/core/kernel/processes/working-in.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function linked() {
  const repo = await makeRepo();
  const worktree = join(repo.root, 'linked');
  await repo.git(['worktree', 'add', '-q', '-b', 'boat', worktree]);
  return { repo, worktree, [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose]() };
}

test('a linked worktree has its own git folder and a shared one', ci, async () => {
  await using place = await linked();
  const { repo, worktree } = place;
  const own = await gitDirOf(worktree);
  expect(own).toBe(await repo.git(['rev-parse', '--absolute-git-dir'], worktree));
  expect(await realpath((await sharedDirOf(own ?? '')) ?? '')).toBe(await realpath(join(repo.path, '.git')));
  expect(await gitDirOf(repo.path)).toBeUndefined();
  expect(await sharedDirOf(join(repo.path, '.git'))).toBeUndefined();
});

test("only a worktree's own git folder is recognized as such", ci, async () => {
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

test('a relative pointer and one through a link are followed', ci, async () => {
  await using place = await linked();
  const { repo, worktree } = place;
  await writeFile(join(repo.root, 'pointer'), 'gitdir: ../elsewhere\n');
  await rm(join(worktree, '.git'));
  await symlink(join(repo.root, 'pointer'), join(worktree, '.git'));
  expect(await gitDirOf(worktree)).toBe(join(repo.root, 'elsewhere'));
});

test('a pipe, a folder or nothing at the path of .git blocks no reader, not even the guard', ci, async () => {
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

test('a git is found where it works and above, not beside, and no other program is', async () => {
  await using repo = await makeRepo();
  const [below, beside] = [join(repo.path, 'below'), `${repo.path}-2`];
  for (const each of [below, beside]) await mkdir(each);
  const program = (file: string, ...args: string[]) =>
    spawn(file, args, { cwd: repo.path, env: repo.env, stdio: ['pipe', 'ignore', 'ignore'] });
  const running = [program('git', 'hash-object', '--stdin'), program('cat')];
  await eventually(async () => gitsIn(repo.path)?.length === 1, { what: 'the start of git' });
  const found = [repo.path, repo.root, below, beside].map((folder) => gitsIn(folder));
  for (const each of running) each.stdin?.end();
  await Promise.all(running.map((each) => once(each, 'close')));
  expect(found).toEqual([[running[0]?.pid], [running[0]?.pid], [], []]);
  expect(gitsIn(repo.path)).toEqual([]);
});

test('where the system has no /proc, nothing is known', async () => {
  await using dir = await tempDir();
  expect(gitsIn(dir.path, join(dir.path, 'proc'))).toBeUndefined();
});
