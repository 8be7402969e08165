// @module-tag ci
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { moveBranch } from '../../../../src/core/project/checkpoints/move-branch.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=P', '-c', 'user.email=p@e.invalid', ...args], {
    cwd,
    encoding: 'utf8',
  }).trim();

async function scene() {
  const dir = await tempDir();
  const main = join(dir.path, 'repo');
  const sessionDir = join(dir.path, 'sessions/boat');
  mkdirSync(main);
  mkdirSync(sessionDir, { recursive: true });
  git(main, 'init', '-q', '-b', 'main');
  git(main, 'config', 'user.name', 'P');
  git(main, 'config', 'user.email', 'p@e.invalid');
  git(main, 'commit', '-q', '--allow-empty', '-m', 'First');
  return { dir, main, sessionDir };
}

test('a branch that is a symbolic ref is not written through when a rewind moves it', async () => {
  const { dir, main } = await scene();
  await using _ = dir;
  const worktreePath = join(dir.path, 'wt');
  git(main, 'worktree', 'add', '-q', '-b', 'samocode/boat', worktreePath);
  git(worktreePath, 'commit', '-q', '--allow-empty', '-m', 'evil');
  const commit = git(worktreePath, 'rev-parse', 'HEAD');
  const before = git(main, 'rev-parse', 'main');
  writeFileSync(join(main, '.git/refs/heads/samocode/boat'), 'ref: refs/heads/main\n');
  await moveBranch({
    mainRepo: main,
    worktreePath,
    branch: 'samocode/boat',
    commit,
    baseEnv: process.env,
  }).catch(() => {});
  expect(git(main, 'rev-parse', 'main')).toBe(before);
});

test('an index that is a link is not written through when a rewind resets it', async () => {
  const { dir, main } = await scene();
  await using _ = dir;
  const worktreePath = join(dir.path, 'wt');
  git(main, 'worktree', 'add', '-q', '-b', 'samocode/boat', worktreePath);
  const index = join(main, '.git/worktrees/wt/index');
  execFileSync('rm', ['-f', index]);
  const target = join(dir.path, 'planted');
  symlinkSync(target, index);
  const commit = git(main, 'rev-parse', 'main');
  await moveBranch({
    mainRepo: main,
    worktreePath,
    branch: 'samocode/boat',
    commit,
    baseEnv: process.env,
  }).catch(() => {});
  expect(lstatSync(target, { throwIfNoEntry: false })).toBeUndefined();
});
