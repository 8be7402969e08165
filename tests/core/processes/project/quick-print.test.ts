// @module-tag ci
import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quickPrint } from '../../../../src/core/project/checkpoints/worktree-print.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function scene() {
  const repo = await makeRepo({ files: { 'a.txt': 'a\n', 'folder/b.txt': 'b\n' } });
  const read = () => quickPrint(repo.path, { baseEnv: repo.env });
  return { repo, read };
}

test('the same tree has the same fingerprint, even after a file was touched', async () => {
  const { repo, read } = await scene();
  await using _ = repo;
  const before = await read();
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  await utimes(join(repo.path, 'a.txt'), new Date(), new Date(0));
  expect(await read()).toEqual(before);
});

test('each kind of change is detected', async () => {
  const { repo, read } = await scene();
  await using _ = repo;
  const seen = [await read()];
  const after = async (act: Promise<unknown>) => {
    await act;
    const now = await read();
    expect(seen).not.toContainEqual(now);
    seen.push(now);
  };
  await after(repo.write({ 'a.txt': 'changed\n' }));
  await after(repo.write({ 'a.txt': 'changed again\n' }));
  await after(repo.git(['add', 'a.txt']));
  await after(repo.write({ 'new/a name\nof two lines.txt': '' }));
  await after(rm(join(repo.path, 'folder/b.txt')));
  await after(repo.git(['mv', 'a.txt', 'c.txt']));
  await after(repo.commit('All of it'));
  await after(repo.git(['commit', '-q', '--allow-empty', '-m', 'Nothing']));
});

test('a missing folder, a folder without a repository and one without a commit have no fingerprint', async () => {
  await using repo = await makeRepo({ empty: true });
  const context = { baseEnv: repo.env };
  expect(await quickPrint(repo.path, context)).toBeUndefined();
  expect(await quickPrint(repo.homeDir, context)).toBeUndefined();
  await writeFile(join(repo.root, 'file'), '');
  await expect(quickPrint(join(repo.root, 'gone'), context)).rejects.toMatchObject({ code: 'git_no_folder' });
});
