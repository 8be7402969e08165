import { statSync } from 'node:fs';
import { appendFile, chmod, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileIdentity } from '../../../../src/core/kernel/files/fingerprint.ts';
import {
  afterProgram,
  beforeProgram,
  type FoundPlace,
  guardFound,
  restoreFound,
} from '../../../../src/core/project/worktrees/as-found.ts';
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
  const place = { worktreePath, copy: join(repo.root, 'as-found.json'), ...context };
  const at = (name: string) => join(worktreePath, name);
  const uncommitted = async () => {
    const reading = await inspectWorktree({ mainRepo: repo.path, worktreePath, ...context });
    return reading.kind === 'present' ? reading.uncommitted.map(({ path }) => path) : reading;
  };
  return {
    repo,
    place,
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
  await beforeProgram(s.place, { isNew: true });
  expect(await afterProgram(s.place, 'SETUP')).toEqual([
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
  await beforeProgram(s.place, { isNew: true });
  await mkdir(s.at('venv/bin'), { recursive: true });
  await writeFile(s.at('venv/bin/python'), '#!/bin/sh\n');
  await appendFile(s.at('b.sh'), '# by SETUP\n');
  expect(await afterProgram(s.place, 'SETUP')).toEqual([
    expect.stringContaining('A fresh checkout modifies 1 tracked file (a.txt): their line endings.'),
    expect.stringContaining('SETUP changed 1 tracked file (b.sh) and made venv/, which git does not ignore.'),
  ]);
  expect(await s.uncommitted()).toEqual([]);
  await change(s.at);
  expect(await s.uncommitted()).toEqual([path]);
});

test('staging counts too', async () => {
  await using s = await crlfWorktree();
  await beforeProgram(s.place, { isNew: true });
  await afterProgram(s.place, 'SETUP');
  await s.repo.git(['add', 'a.txt'], s.worktreePath);
  expect(await s.uncommitted()).toEqual(['a.txt']);
  await s.repo.git(['commit', '--quiet', '-m', 'Renormalize'], s.worktreePath);
  expect(await s.uncommitted()).toEqual([]);
  expect(await readFile(s.at('a.txt'), 'utf8')).toContain('\r\n');
});

test('what agents left in a worktree that comes from elsewhere counts, unlike what SETUP makes there', async () => {
  await using s = await crlfWorktree();
  await writeFile(s.at('draft.txt'), 'half done\n');
  await beforeProgram(s.place);
  await mkdir(s.at('venv'));
  await writeFile(s.at('venv/python'), '#!/bin/sh\n');
  await afterProgram(s.place, 'SETUP');
  expect(await s.uncommitted()).toEqual(['draft.txt']);
});

/** Runs a program of the project, which writes these files. */
async function runs(place: FoundPlace, files: Readonly<Record<string, string>>): Promise<string[]> {
  await beforeProgram(place);
  for (const [name, text] of Object.entries(files)) await writeFile(join(place.worktreePath, name), text);
  return await afterProgram(place, 'SERVICE_WEB');
}

test('what two programs write in turn counts with neither, and is said once', async () => {
  await using s = await crlfWorktree();
  await runs(s.place, {});
  expect(await runs(s.place, { 'b.sh': 'one\n', 'report.xml': 'x\n' })).toEqual([
    'SERVICE_WEB changed 1 tracked file (b.sh) and made report.xml, which git does not ignore. It does not count as work unless an agent changes it.',
  ]);
  expect(await runs(s.place, { 'b.sh': 'two\n', 'report.xml': 'y\n' })).toEqual([]);
  expect(await s.uncommitted()).toEqual([]);
  await writeFile(s.at('b.sh'), 'one\n');
  expect(await s.uncommitted()).toEqual([]);
  await writeFile(s.at('b.sh'), 'mine\n');
  expect(await s.uncommitted()).toEqual(['b.sh']);
});

test('what a program renames in the index counts as found, too', async () => {
  await using s = await crlfWorktree();
  await beforeProgram(s.place);
  await s.repo.git(['mv', 'b.sh', 'c.sh'], s.worktreePath);
  await afterProgram(s.place, 'SETUP');
  expect(await s.uncommitted()).toEqual([]);
  await appendFile(s.at('c.sh'), 'mine\n');
  expect(await s.uncommitted()).toEqual(['c.sh']);
});

test('what an agent changed stays its work, whatever a program then does to it', async () => {
  await using s = await crlfWorktree();
  await runs(s.place, {});
  await writeFile(s.at('b.sh'), 'mine\n');
  await writeFile(s.at('new.js'), 'mine\n');
  expect(await runs(s.place, { 'b.sh': 'rewritten\n', 'new.js': 'rewritten\n' })).toEqual([]);
  expect(await s.uncommitted()).toEqual(['b.sh', 'new.js']);
  await s.repo.git(['add', 'b.sh', 'new.js'], s.worktreePath);
  expect(await runs(s.place, { 'b.sh': 'again\n' })).toEqual([]);
  expect(await s.uncommitted()).toEqual(['b.sh', 'new.js']);
});

test('what a program wrote before its worker died counts as found once it has run again', async () => {
  await using s = await crlfWorktree();
  await writeFile(s.at('new.js'), 'mine\n');
  await beforeProgram(s.place);
  await writeFile(s.at('b.sh'), 'half\n');
  await runs(s.place, {});
  expect(await s.uncommitted()).toEqual(['new.js']);
});

test('once an agent starts, what a program that was interrupted changes counts as work', async () => {
  await using s = await crlfWorktree();
  await beforeProgram(s.place);
  await guardFound(s.place);
  await writeFile(s.at('b.sh'), 'mine\n');
  await runs(s.place, {});
  expect(await s.uncommitted()).toEqual(['b.sh']);
});

test.each([
  [true, ['new.js']],
  // The copy was changed, too: nothing is found any more.
  [false, ['b.sh', 'new.js']],
])('a record that an agent has forged is replaced (by the copy: %s)', async (isTrusted, uncommitted) => {
  await using s = await crlfWorktree();
  await runs(s.place, { 'b.sh': 'found\n' });
  await guardFound(s.place);
  const record = await s.repo.git(['rev-parse', '--git-path', 'samocode-as-found.json'], s.worktreePath);
  await writeFile(s.at('new.js'), 'mine\n');
  await runs({ ...s.place, copy: join(s.repo.root, 'forged.json') }, {});
  const forged = JSON.parse(await readFile(record, 'utf8'));
  forged.files['new.js'] = { ...forged.files['b.sh'], stamp: fileIdentity(statSync(s.at('new.js'))) };
  forged.files['new.js'].print = forged.files['new.js'].print.replace(/^[^\n]*/, '?');
  await writeFile(record, JSON.stringify(forged));
  expect(await s.uncommitted()).toEqual([]);
  await restoreFound(s.place, { isTrusted });
  expect(await s.uncommitted()).toEqual(uncommitted);
});
