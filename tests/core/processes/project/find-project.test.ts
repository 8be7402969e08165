// @module-tag ci
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProject } from '../../../../src/core/project/finding/find-project.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const find = (repo: TempRepo, from: string, homeDir = repo.root) => findProject({ from, homeDir });

test('the file is found from a folder deep inside the repository', async () => {
  await using repo = await makeRepo({ files: { 'src/deep/a.ts': '' } });
  await repo.write({ '.samocode': '' });
  expect(await find(repo, join(repo.path, 'src/deep'))).toBe(join(repo.path, '.samocode'));
  expect(await find(repo, join(repo.path, 'src/gone'))).toBe(join(repo.path, '.samocode'));
});

test('the nearest file wins', async () => {
  await using repo = await makeRepo({ files: { 'part/a.ts': '' } });
  await repo.write({ '.samocode': '', 'part/.samocode': '' });
  expect(await find(repo, join(repo.path, 'part'))).toBe(join(repo.path, 'part/.samocode'));
});

test('a file above the repository counts if it names this repository or its folders', async () => {
  await using repo = await makeRepo({ files: { 'src/a.ts': '' } });
  const file = join(repo.root, '.samocode');
  await writeFile(file, 'MAIN_REPO=repo\nWORKTREES=trees\nSESSIONS=_sessions\n');
  const sessions = join(repo.root, '_sessions');
  await mkdir(sessions);
  await repo.git(['init', '-q'], sessions);
  await symlink(repo.path, join(repo.root, 'link'));
  expect(await find(repo, join(repo.path, 'src'))).toBe(file);
  expect(await find(repo, join(repo.root, 'link/src'))).toBe(file);
  expect(await find(repo, sessions)).toBe(file);
  expect(await find(repo, repo.root)).toBe(file);
});

test('a file above the repository that names another one is only mentioned', async () => {
  await using repo = await makeRepo();
  const file = join(repo.root, '.samocode');
  await writeFile(file, 'MAIN_REPO=other\n');
  expect(await find(repo, repo.path)).toMatchObject({
    code: 'project_not_found',
    args: { searched: [repo.path] },
    why: expect.stringContaining(`${file} belongs to another repository`),
    next: [{ act: 'set_up' }, { act: 'name_project' }],
  });
});

test('a linked worktree has the project of its main checkout, not its own copy', async () => {
  await using repo = await makeRepo({ files: { '.samocode': 'MAIN_REPO=.', 'src/a.ts': '' } });
  const tree = join(repo.root, 'elsewhere/tree');
  await repo.git(['worktree', 'add', '-q', '--detach', tree]);
  expect(await find(repo, join(tree, 'src'))).toBe(join(repo.path, '.samocode'));
});

test('the search ends at the home folder', async () => {
  await using repo = await makeRepo();
  await writeFile(join(repo.root, '.samocode'), '');
  await mkdir(join(repo.homeDir, 'notes'));
  expect(await find(repo, join(repo.homeDir, 'notes'), repo.homeDir)).toMatchObject({
    args: { searched: [join(repo.homeDir, 'notes'), repo.homeDir] },
  });
});

test("the user's own file counts in a world-writable folder", async () => {
  await using repo = await makeRepo();
  await chmod(repo.path, 0o777);
  await repo.write({ '.samocode': '' });
  expect(await find(repo, repo.path)).toBe(join(repo.path, '.samocode'));
});

test('a folder called .samocode is not a project', async () => {
  await using repo = await makeRepo();
  await mkdir(join(repo.path, '.samocode'));
  expect(await find(repo, repo.path)).toMatchObject({ code: 'project_not_found' });
});
