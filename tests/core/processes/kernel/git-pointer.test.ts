// @module-tag ci
import { mkdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  commitInFiles,
  gitDirOf,
  isOwnGitDir,
  sharedDirOf,
} from '../../../../src/core/kernel/files/git-pointer.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

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

/** What a folder of git has at HEAD and below refs, and whether the answer for HEAD is in its files. */
const HEADS: readonly [how: string, isInFiles: boolean, rearrange: (repo: TempRepo) => Promise<unknown>][] = [
  ['of a branch', true, async () => undefined],
  ['that is detached', true, ({ git }) => git(['checkout', '-q', '--detach'])],
  ['of a branch in a folder', true, ({ git }) => git(['switch', '-q', '-c', 'boats/größe'])],
  ['that has moved', true, ({ git }) => git(['commit', '-q', '--allow-empty', '-m', 'Later'])],
  ['of a packed branch', false, ({ git }) => git(['pack-refs', '--all', '--prune'])],
  [
    'of a branch that is another one',
    false,
    async ({ git }) => {
      await git(['symbolic-ref', 'refs/heads/alias', 'refs/heads/main']);
      await git(['symbolic-ref', 'HEAD', 'refs/heads/alias']);
    },
  ],
  ['of a branch without a commit', false, ({ git }) => git(['switch', '-q', '--orphan', 'none'])],
  ['outside of the branches', false, ({ path }) => writeHead(path, 'ref: refs/heads/../tags/x\n')],
  [
    'of a repository with a table of refs',
    false,
    ({ path }) => writeHead(path, 'ref: refs/heads/.invalid\n'),
  ],
  ['that is torn', false, ({ path }) => writeHead(path, '0123456789abcdef')],
  ['that is empty', false, ({ path }) => writeHead(path, '')],
  ['that is a folder', false, ({ path }) => remade(path, (head) => mkdir(head))],
  ['that is a pipe', false, ({ path, env }) => remade(path, (head) => fifo(head, env))],
  ['that is a link', false, ({ path }) => remade(path, (head) => symlink('refs/heads/main', head))],
  ['that is missing', false, ({ path }) => remade(path, async () => undefined)],
];

const writeHead = (path: string, text: string) => writeFile(join(path, '.git/HEAD'), text);
const fifo = (head: string, env: Record<string, string>) => runCommand('mkfifo', [head], { cwd: '/', env });

async function remade(path: string, make: (head: string) => Promise<unknown>): Promise<void> {
  await rm(join(path, '.git/HEAD'));
  await make(join(path, '.git/HEAD'));
}

test.each(HEADS)(
  'a HEAD %s names the commit that git names, or git has to be asked',
  async (_, isInFiles, rearrange) => {
    await using repo = await makeRepo();
    await rearrange(repo);
    const expected = isInFiles ? await repo.git(['rev-parse', 'HEAD']) : undefined;
    expect(await commitInFiles(join(repo.path, '.git'), 'HEAD')).toBe(expected);
  },
);

test.each([
  ['40', 40, true],
  ['64', 64, true],
  ['41', 41, false],
])('a ref of %s digits is read as git writes it', async (_, digits, isRead) => {
  await using repo = await makeRepo();
  const commit = 'a'.repeat(digits);
  await writeFile(join(repo.path, '.git/refs/heads/x'), `${commit}\n`);
  expect(await commitInFiles(join(repo.path, '.git'), 'refs/heads/x')).toBe(isRead ? commit : undefined);
  expect(await commitInFiles(join(repo.path, '.git'), `refs/heads/${'x'.repeat(300)}`)).toBeUndefined();
});
