import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  changesOfChecks,
  diffOfWeakened,
  linesChanged,
} from '../../../../src/core/project/proving/weakened-read.ts';
import { ci } from '../../../support/ci.ts';
import { IDENTITY, makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const TEST = "test('adds', () => {});\n".repeat(3);
const FILES = {
  'package.json': '{"scripts":{"test":"node tools/run.mjs"}}',
  'tools/run.mjs': 'a',
  'tests/a b.test.ts': TEST,
  'tests/Größe.test.ts': TEST,
  'src/a.ts': 'export {};\n',
};

/** The findings in a commit of the whole worktree, and the diff that is shown. */
async function compared(repo: TempRepo) {
  const base = await repo.git(['rev-parse', 'main']);
  await repo.git(['add', '-A']);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Work']);
  const commit = await repo.git(['rev-parse', 'HEAD']);
  const commits = { mainRepo: repo.path, base, commit };
  const context = { baseEnv: repo.env };
  const { weakened: found } = await changesOfChecks(commits, context);
  const diff = found.length === 0 ? '' : await diffOfWeakened(commits, found, context);
  return { lines: found.map(({ path, what }) => `${path} ${what}`), diff };
}

async function branched(files: Record<string, string> = FILES): Promise<TempRepo> {
  const repo = await makeRepo({ files });
  await repo.git(['checkout', '-q', '-b', 'work']);
  return repo;
}

test('work that adds code and tests weakens nothing', ci, async () => {
  await using repo = await branched();
  await repo.write({ 'src/a.ts': 'export const a = 1;\n', 'tests/b.test.ts': TEST });
  expect(await compared(repo)).toEqual({ lines: [], diff: '' });
});

test('weakened files are found in a commit, with their diff, whatever their names', async () => {
  await using repo = await branched();
  await repo.write({
    'tools/run.mjs': 'process.exit(0)',
    'tests/a b.test.ts': TEST.replace('test(', 'test.skip('),
    'src/a.ts': 'export const unrelated = 1;\n',
  });
  await rm(join(repo.path, 'tests/Größe.test.ts'));
  const { lines, diff } = await compared(repo);
  expect(lines).toEqual(['tests/Größe.test.ts is deleted', 'tests/a b.test.ts runs 2 tests instead of 3']);
  expect(diff).toContain("+test.skip('adds', () => {});");
  expect(diff).not.toContain('+process.exit(0)');
  expect(diff).not.toContain('unrelated');
});

test('a test that is renamed to a non-test is found, and one renamed to another test is not', async () => {
  await using repo = await branched();
  await repo.git(['mv', 'tests/a b.test.ts', 'tests/b.test.ts']);
  await repo.git(['mv', 'tests/Größe.test.ts', 'old.txt']);
  expect((await compared(repo)).lines).toEqual(['tests/Größe.test.ts is renamed to old.txt']);
});

test('a test replaced with a link, and a test too large to compare, are found', async () => {
  await using repo = await branched();
  await rm(join(repo.path, 'tests/a b.test.ts'));
  await symlink('../src/a.ts', join(repo.path, 'tests/a b.test.ts'));
  await repo.write({ 'tests/Größe.test.ts': TEST + '/'.repeat(1_100_000) });
  expect((await compared(repo)).lines.sort()).toEqual([
    'tests/Größe.test.ts is too large to be compared',
    'tests/a b.test.ts is replaced by a link',
  ]);
});

test('programs that are committed where packages are installed are found, once per folder', async () => {
  await using repo = await branched();
  await repo.write({
    'node_modules/.bin/node': '#!/bin/sh\n',
    'web/.venv/bin/pytest': 'x',
    'vendor/bin/phpunit': 'x',
  });
  await symlink('node', join(repo.path, 'node_modules/.bin/npm'));
  const { lines, diff } = await compared(repo);
  expect(lines.sort()).toEqual([
    'node_modules has 2 changed files that checks may run',
    'vendor/bin has 1 changed file that checks may run',
    'web/.venv has 1 changed file that checks may run',
  ]);
  expect(diff).toContain('+#!/bin/sh');
});

test('each changed file is listed with the lines that were added and removed', async () => {
  await using repo = await branched();
  const base = await repo.git(['rev-parse', 'main']);
  await repo.write({
    'tests/a b.test.ts': `${TEST.replace('adds', 'takes')}more\n`,
    'tests/Größe.test.ts': '\0',
  });
  await repo.git(['add', '-A']);
  await repo.git([...IDENTITY, 'commit', '-q', '-m', 'Work']);
  const commits = { mainRepo: repo.path, base, commit: await repo.git(['rev-parse', 'HEAD']) };
  const paths = ['tests/a b.test.ts', 'tests/Größe.test.ts'];
  expect(await linesChanged(commits, paths, { baseEnv: repo.env })).toEqual([
    { path: 'tests/Größe.test.ts' },
    { path: 'tests/a b.test.ts', added: 2, removed: 1 },
  ]);
});
