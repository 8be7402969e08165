import { appendFile, chmod, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { differingPaths, keepAsFound } from '../../../../src/core/project/worktrees/as-found.ts';
import { inspectWorktree } from '../../../../src/core/project/worktrees/inspect-worktree.ts';
import { ensureWorktree } from '../../../../src/core/project/worktrees/worktree.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

/** A worktree whose every fresh checkout is modified: a file with CRLF in the commit and an attribute that forbids it. */
async function crlfWorktree() {
  const repo = await makeRepo({
    files: { 'a.txt': 'one\r\ntwo\r\n', 'b.sh': 'echo b\n', '.gitattributes': '' },
  });
  await writeFile(join(repo.path, '.gitattributes'), '*.txt text eol=lf\n');
  await repo.git(['add', '.gitattributes']);
  await repo.git(['commit', '--quiet', '-m', 'Attributes']);
  const context = { baseEnv: repo.env };
  const worktreePath = join(repo.root, 'tree');
  const baseCommit = await repo.git(['rev-parse', 'HEAD']);
  await ensureWorktree({ mainRepo: repo.path, worktreePath, branch: 'work', baseCommit, ...context });
  const at = (name: string) => join(worktreePath, name);
  const uncommitted = async () => {
    const reading = await inspectWorktree({ mainRepo: repo.path, worktreePath, ...context });
    return reading.kind === 'present' ? reading.uncommitted.map(({ path }) => path) : reading;
  };
  return {
    repo,
    context,
    worktreePath,
    at,
    uncommitted,
    [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose](),
  };
}

test('what a fresh checkout modifies does not count as uncommitted, and the reason is said', async () => {
  await using s = await crlfWorktree();
  // From now on git looks into it and calls it modified.
  await utimes(s.at('a.txt'), 1, 1);
  expect(await s.repo.git(['status', '--short'], s.worktreePath)).toBe('M a.txt');
  expect(await s.uncommitted()).toEqual([]);
  expect(await keepAsFound(s.worktreePath, [], s.context)).toEqual([
    'A fresh checkout modifies 1 tracked file (a.txt): their line endings. It does not count as work unless an agent changes it.',
  ]);
  expect(await s.uncommitted()).toEqual([]);
  await writeFile(s.at('a.txt'), 'one\ntwo\n');
  await utimes(s.at('a.txt'), 1, 1);
  expect(await s.uncommitted()).toEqual(['a.txt']);
});

test.each<[string, (at: (name: string) => string) => Promise<unknown>, string]>([
  ['an edit of its content', (at) => appendFile(at('a.txt'), 'three\r\n'), 'a.txt'],
  ['its mode', (at) => chmod(at('a.txt'), 0o755), 'a.txt'],
  ['its deletion', (at) => rm(at('a.txt')), 'a.txt'],
  ['another file', (at) => appendFile(at('b.sh'), 'echo c\n'), 'b.sh'],
  ['a new file', (at) => writeFile(at('new.txt'), 'x\n'), 'new.txt'],
  ['a new file beside those of SETUP', (at) => writeFile(at('venv/bin/new'), 'x\n'), 'venv/bin/new'],
  ['an edit of what SETUP made', (at) => appendFile(at('venv/bin/python'), 'x'), 'venv/bin/python'],
  [
    'a link in the place of what SETUP made',
    async (at) => {
      await rm(at('venv/bin/python'));
      await symlink('/etc/hosts', at('venv/bin/python'));
    },
    'venv/bin/python',
  ],
])('%s counts', async (_what, change, path) => {
  await using s = await crlfWorktree();
  await utimes(s.at('a.txt'), 1, 1);
  await mkdir(s.at('venv/bin'), { recursive: true });
  await writeFile(s.at('venv/bin/python'), '#!/bin/sh\n');
  await appendFile(s.at('b.sh'), '# by SETUP\n');
  expect(await keepAsFound(s.worktreePath, [], s.context)).toEqual([
    expect.stringContaining('A fresh checkout modifies 1 tracked file (a.txt): their line endings.'),
    expect.stringContaining('1 tracked file (b.sh) differed before any agent began.'),
    expect.stringContaining('SETUP made venv/, which git does not ignore.'),
  ]);
  expect(await s.uncommitted()).toEqual([]);
  await change(s.at);
  expect(await s.uncommitted()).toEqual([path]);
});

test('staging counts too', async () => {
  await using s = await crlfWorktree();
  await keepAsFound(s.worktreePath, [], s.context);
  await s.repo.git(['add', 'a.txt'], s.worktreePath);
  expect(await s.uncommitted()).toEqual(['a.txt']);
  await s.repo.git(['commit', '--quiet', '-m', 'Renormalize'], s.worktreePath);
  expect(await s.uncommitted()).toEqual([]);
  expect(await readFile(s.at('a.txt'), 'utf8')).toContain('\r\n');
});

test('what agents left in a worktree that comes from elsewhere counts, unlike what SETUP makes there', async () => {
  await using s = await crlfWorktree();
  await writeFile(s.at('draft.txt'), 'half done\n');
  const work = await differingPaths(s.worktreePath, s.context);
  await mkdir(s.at('venv'));
  await writeFile(s.at('venv/python'), '#!/bin/sh\n');
  await keepAsFound(s.worktreePath, work, s.context);
  expect(await s.uncommitted()).toEqual(['draft.txt']);
});
