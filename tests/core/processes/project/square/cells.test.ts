import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Cell,
  type CellEnd,
  tryOldPromises,
  withoutWork,
} from '../../../../../src/core/project/proving/old-promises.ts';
import { squareOf } from '../../../../../src/core/project/proving/square.ts';
import { ci } from '../../../../support/ci.ts';
import { makeRepo, type TempRepo } from '../../../../support/temp-repo.ts';

const GREEN = { kind: 'green' } as const;

/** The cells that are tried, with no check behind them. */
async function tried(repo: TempRepo, ends: readonly CellEnd[] = [], planned: readonly string[] = []) {
  const git = { baseEnv: repo.env, cwd: repo.path };
  const commits = { base: await repo.git(['rev-parse', 'main']), tip: await repo.git(['rev-parse', 'work']) };
  const square = await squareOf(commits, ['npm test'], git);
  const cells: Cell[] = [];
  const indexPath = join(repo.root, 'cell.index');
  // As a worker that was killed leaves it.
  await writeFile(`${indexPath}.lock`, '');
  const tryCell = async (cell: Cell) => ends[cells.push(cell) - 1] ?? GREEN;
  const old = await tryOldPromises(square, { git, indexPath, planned: new Set(planned), tryCell });
  const isLeft = [existsSync(indexPath), existsSync(`${indexPath}.lock`)];
  expect(isLeft).toEqual([false, cells.length === 0]);
  return { old, cells };
}

const FILES = {
  'src/a.ts': 'old\n',
  'tests/a.ts': 'old\n',
  'tests/Größe.ts': 'old\n',
  'tests/x': 'a file\n',
  'b.json': '1\n',
};

async function branched(work: Record<string, string>, gone: string[] = []): Promise<TempRepo> {
  const repo = await makeRepo({ files: FILES });
  await repo.git(['checkout', '-q', '-b', 'work']);
  for (const path of gone) await repo.git(['rm', '-q', path]);
  await repo.commit('Größer\n\nWith a body\n', work);
  return repo;
}

test('a cell has message, author and parents of the tip, and the files of the base', ci, async () => {
  await using repo = await branched(
    {
      'src/a.ts': 'new\n',
      'tests/a.ts': 'new\n',
      'tests/new.ts': 'new\n',
      'tests/x/y': 'a folder now\n',
      'b.json': '2\n',
    },
    ['tests/Größe.ts', 'tests/x'],
  );
  const { cells } = await tried(repo);
  expect(cells.map(({ reading }) => reading)).toEqual(['tests', 'checks']);
  const [ofTests, ofAll] = cells;
  const head = async (commit = '') =>
    await repo.git(['log', '-1', '--format=%an %ae %at %cn %ct %P%n%B', commit]);
  expect(await head(ofTests?.commit)).toBe(await head('work'));
  const differs = async (commit = '') =>
    await repo.git(['diff', '--name-status', '--no-renames', 'main', commit]);
  expect(await differs(ofTests?.commit)).toBe('M\tb.json\nM\tsrc/a.ts');
  expect(await differs(ofAll?.commit)).toBe('M\tsrc/a.ts');
  expect((await tried(repo)).cells).toEqual(cells);
  expect(await repo.git(['status', '--porcelain'])).toBe('');
});

test('work that only adds tests later makes no other cell', async () => {
  await using repo = await branched({ 'src/a.ts': 'new\n', 'tests/new.ts': 'new\n' });
  const before = await tried(repo);
  await repo.commit('More', { 'tests/more.ts': 'more\n' });
  const after = await tried(repo);
  expect(after.cells.map(({ tree }) => tree)).toEqual(before.cells.map(({ tree }) => tree));
});

test('work without tests and settings is tried in no cell', async () => {
  await using repo = await branched({ 'src/a.ts': 'new\n', 'README.md': '# New\n' });
  expect(await tried(repo)).toEqual({ old: { kind: 'unneeded' }, cells: [] });
});

test('an old test of the approved plan stays as it is on the branch', async () => {
  await using repo = await branched({ 'tests/a.ts': 'new\n', 'tests/Größe.ts': 'new\n' });
  const { cells } = await tried(repo, [], ['tests/a.ts']);
  const differs = await repo.git(['diff', '--name-only', 'main', cells[0]?.commit ?? '']);
  expect(differs).toBe('tests/a.ts');
});

test('the base with the tests of the work has neither its code nor the tests that it deleted', async () => {
  const work = { 'src/a.ts': 'new\n', 'tests/new.ts': 'new\n', 'b.json': '2\n' };
  await using repo = await branched(work, ['tests/a.ts']);
  const git = { baseEnv: repo.env, cwd: repo.path };
  const commits = { base: await repo.git(['rev-parse', 'main']), tip: await repo.git(['rev-parse', 'work']) };
  const place = { git, indexPath: join(repo.root, 'cell.index') };
  const cell = await withoutWork(await squareOf(commits, ['npm test'], git), place);
  const differs = await repo.git(['diff', '--name-status', 'main', cell?.commit ?? '']);
  expect(differs).toBe('M\tb.json\nD\ttests/a.ts\nA\ttests/new.ts');
  const code = { ...commits, tip: await repo.commit('Code alone', { 'tests/a.ts': 'old\n' }) };
  await repo.git(['rm', '-q', 'tests/new.ts']);
  const onlyCode = { ...code, tip: await repo.commit('No test') };
  expect(await withoutWork(await squareOf(onlyCode, [], git), place)).toBeUndefined();
});

test('what could not be tried is no yes', async () => {
  await using repo = await branched({ 'src/a.ts': 'new\n', 'b.json': '2\n', 'tests/a.ts': 'new\n' });
  const untried = { kind: 'untried', why: 'SETUP fails' } as const;
  expect((await tried(repo, [untried])).old).toEqual(untried);
  expect((await tried(repo, [GREEN, untried])).old).toEqual(untried);
});

test('git that cannot look is an error, and no answer', async () => {
  await using repo = await branched({ 'tests/a.ts': 'new\n' });
  const git = { baseEnv: repo.env, cwd: repo.path };
  const tip = await repo.git(['rev-parse', 'work']);
  await expect(squareOf({ base: '0'.repeat(40), tip }, [], git)).rejects.toThrow();
});
