// @module-tag ci
import { mkdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commonDirOf } from '../../../../src/core/project/git/repository.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const asked = (repo: TempRepo, folder: string) =>
  repo.git(['rev-parse', '--path-format=absolute', '--git-common-dir'], folder);

test('the common folder is the one that git names, from every kind of checkout', async () => {
  await using repo = await makeRepo();
  const context = { baseEnv: repo.env };
  const linked = join(repo.root, 'linked');
  await repo.git(['worktree', 'add', '-q', linked]);
  const apart = join(repo.root, 'apart');
  await repo.git(['clone', '-q', `--separate-git-dir=${join(repo.root, 'apart.git')}`, repo.path, apart]);
  const byLink = join(repo.root, 'by-link');
  await mkdir(byLink);
  await symlink(join(repo.path, '.git'), join(byLink, '.git'));
  const inside = join(repo.path, 'sub');
  await mkdir(inside);
  for (const folder of [repo.path, linked, apart, byLink, inside]) {
    expect(await commonDirOf(folder, context), folder).toBe(await asked(repo, folder));
  }
});

test('a folder called .git that is not a git folder is skipped, as in git', async () => {
  await using repo = await makeRepo();
  const inside = join(repo.path, 'sub');
  await mkdir(join(inside, '.git'), { recursive: true });
  await writeFile(join(inside, '.git/HEAD'), 'ref: refs/heads/main\n');
  expect(await commonDirOf(inside, { baseEnv: repo.env })).toBe(await realpath(join(repo.path, '.git')));
});

test("outside a repository git's own error is reported", async () => {
  await using repo = await makeRepo();
  await rename(join(repo.path, '.git'), join(repo.root, 'elsewhere'));
  await rm(join(repo.root, 'elsewhere/HEAD'));
  await expect(commonDirOf(repo.path, { baseEnv: repo.env })).rejects.toMatchObject({
    code: expect.stringContaining('not_a_repository'),
  });
});
