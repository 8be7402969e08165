// @module-tag ci
import { mkdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { excludeFolders } from '../../../../src/core/project/finding/make-project.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const statusOf = (repo: TempRepo) => repo.git(['status', '--porcelain', '--untracked-files=all']);
const excludeOf = (repo: TempRepo) => readFile(join(repo.path, '.git/info/exclude'), 'utf8');

test.each(['_samocode/sessions', 'we[i]rd *name?', 'größe und leer', '#hash', '!bang', 'back\\slash'])(
  'the folder "%s" inside the repository does not appear in git status',
  async (folder) => {
    await using repo = await makeRepo();
    await mkdir(join(repo.path, folder), { recursive: true });
    await writeFile(join(repo.path, folder, 'file.txt'), '');
    await writeFile(join(repo.path, 'seen.txt'), '');
    await excludeFolders(repo.path, [join(repo.path, folder)], { baseEnv: repo.env });
    expect(await statusOf(repo)).toBe('?? seen.txt');
  },
);

test('excluding twice adds the lines once, and other lines are not changed', async () => {
  await using repo = await makeRepo();
  await writeFile(join(repo.path, '.git/info/exclude'), '*.mine');
  const folders = [join(repo.path, 'a'), join(repo.path, 'b')];
  const first = await excludeFolders(repo.path, folders, { baseEnv: repo.env });
  const second = await excludeFolders(repo.path, folders, { baseEnv: repo.env });
  expect(first.added).toEqual(['/a/', '/b/']);
  expect(second.added).toEqual([]);
  expect(await excludeOf(repo)).toBe('*.mine\n/a/\n/b/\n');
});

test('folders outside, the repository itself and ignored folders add nothing', async () => {
  await using repo = await makeRepo({ files: { '.gitignore': 'ignored/\n' } });
  const folders = [join(repo.root, 'outside'), repo.path, join(repo.path, 'ignored')];
  expect((await excludeFolders(repo.path, folders, { baseEnv: repo.env })).added).toEqual([]);
});

test('in a linked worktree the file of the common git folder is used', async () => {
  await using repo = await makeRepo();
  const tree = join(repo.root, 'tree');
  await repo.git(['worktree', 'add', '-q', tree]);
  await excludeFolders(tree, [join(tree, 'sessions')], { baseEnv: repo.env });
  expect(await excludeOf(repo)).toContain('/sessions/\n');
});

test('files committed in such a folder are reported', async () => {
  await using repo = await makeRepo({ files: { 'sessions/old.md': '' } });
  const folder = join(repo.path, 'sessions');
  expect((await excludeFolders(repo.path, [folder], { baseEnv: repo.env })).tracked).toEqual([folder]);
});

test('an exclude file that is a link to a non-text file remains a link with the same bytes', async () => {
  await using repo = await makeRepo();
  const path = join(repo.path, '.git/info/exclude');
  const elsewhere = join(repo.root, 'my-excludes');
  await writeFile(elsewhere, Buffer.from('*.gr\xfc\xdfe\n', 'latin1'), { mode: 0o600 });
  await rm(path);
  await symlink(elsewhere, path);
  await excludeFolders(repo.path, [join(repo.path, 'a')], { baseEnv: repo.env });
  expect(await readlink(path)).toBe(elsewhere);
  expect(await readFile(elsewhere, 'latin1')).toBe('*.gr\xfc\xdfe\n/a/\n');
  expect((await stat(elsewhere)).mode & 0o777).toBe(0o600);
});
