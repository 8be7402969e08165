// @module-tag ci
import { expect, test } from 'vitest';
import { commitsSince, diffPatch, diffStat } from '../../../../src/core/project/worktrees/changes.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function scene() {
  const repo = await makeRepo({
    files: { 'a.txt': 'one\ntwo\n', 'old name.txt': 'a line that stays\n'.repeat(9) },
  });
  const base = await repo.git(['rev-parse', 'HEAD']);
  return { repo, range: { cwd: repo.path, base, baseEnv: repo.env } };
}

test('commits since the base are listed newest first, bounded, with the total count', async () => {
  const { repo, range } = await scene();
  await using _ = repo;
  await repo.commit('First');
  await repo.commit('Second: ünïcode "quoted"');
  const newest = await repo.commit('Third');
  expect(await commitsSince(range, 2)).toEqual({
    total: 3,
    commits: [
      { hash: newest, subject: 'Third', committedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
      { hash: expect.any(String), subject: 'Second: ünïcode "quoted"', committedAt: expect.any(String) },
    ],
  });
});

test('without a commit since the base the list is empty', async () => {
  const { repo, range } = await scene();
  await using _ = repo;
  expect(await commitsSince(range)).toEqual({ total: 0, commits: [] });
  expect(await diffStat(range)).toEqual({ files: [], fileCount: 0, insertions: 0, deletions: 0 });
});

test('the statistics count lines per file, renames and binaries too', async () => {
  const { repo, range } = await scene();
  await using _ = repo;
  await repo.git(['mv', 'old name.txt', 'neuer name ✓.txt']);
  await repo.commit('All', { 'a.txt': 'one\n2\n3\n', 'b.bin': 'x\0y' });
  expect(await diffStat(range)).toEqual({
    fileCount: 3,
    insertions: 2,
    deletions: 1,
    files: [
      { path: 'a.txt', insertions: 2, deletions: 1 },
      { path: 'b.bin', insertions: null, deletions: null },
      { path: 'neuer name ✓.txt', renamedFrom: 'old name.txt', insertions: 0, deletions: 0 },
    ],
  });
  expect(await diffStat(range, 1)).toMatchObject({ fileCount: 3, files: [{ path: 'a.txt' }] });
});

test('a branch can be compared from another checkout', async () => {
  const { repo, range } = await scene();
  await using _ = repo;
  await repo.git(['checkout', '-q', '-b', 'side']);
  await repo.commit('Aside', { 'side.txt': 'x\n' });
  await repo.git(['checkout', '-q', 'main']);
  expect((await commitsSince({ ...range, head: 'side' })).total).toBe(1);
  expect((await diffStat({ ...range, head: 'side' })).files).toEqual([
    { path: 'side.txt', insertions: 1, deletions: 0 },
  ]);
});

test('the patch of one path contains only that path, and its name is not treated as a pattern', async () => {
  const { repo, range } = await scene();
  await using _ = repo;
  await repo.commit('All', { 'a.txt': 'ONE\n', '[ab].txt': 'brackets\n' });
  const { patch, truncated } = await diffPatch({ ...range, paths: ['[ab].txt'] });
  expect(patch).toContain('+brackets');
  expect(patch).not.toContain('ONE');
  expect(truncated).toBe(false);
});

test('a patch has prefixes and renames, whatever the settings of git say', async () => {
  const { repo, range } = await scene();
  await using _ = repo;
  await repo.git(['config', 'diff.noprefix', 'true']);
  await repo.git(['config', 'diff.renames', 'false']);
  await repo.git(['mv', 'a.txt', 'c.txt']);
  await repo.commit('Renamed');
  const { patch } = await diffPatch({ ...range, paths: ['a.txt', 'c.txt'] });
  expect(patch).toMatch(/^diff --git a\/a\.txt b\/c\.txt\nsimilarity index 100%\nrename from a\.txt/);
});

test('a long patch is cut and marked as cut', async () => {
  const { repo, range } = await scene();
  await using _ = repo;
  await repo.commit('Long', { 'long.txt': 'line\n'.repeat(50_000) });
  const { patch, truncated } = await diffPatch({ ...range, paths: ['long.txt'] }, 500);
  expect(truncated).toBe(true);
  expect(patch.length).toBeLessThanOrEqual(500);
});
