// @module-tag ci
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  readRepository,
  requireIdentity,
  requireRepository,
} from '../../../../src/core/project/git/repository.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('a repository with a commit is ready, also seen from a folder inside it', async () => {
  await using repo = await makeRepo({ files: { 'src/a.ts': '' } });
  const expected = {
    kind: 'ready',
    toplevel: repo.path,
    commonDir: join(repo.path, '.git'),
    head: await repo.git(['rev-parse', 'HEAD']),
  };
  expect(await readRepository(repo.path, { baseEnv: repo.env })).toEqual(expected);
  expect(await readRepository(join(repo.path, 'src'), { baseEnv: repo.env })).toEqual(expected);
});

test('a linked worktree shares the git folder of its main checkout', async () => {
  await using repo = await makeRepo();
  const tree = join(repo.root, 'tree');
  await repo.git(['worktree', 'add', '-q', tree]);
  const reading = await readRepository(tree, { baseEnv: repo.env });
  expect(reading).toMatchObject({ toplevel: tree, commonDir: join(repo.path, '.git') });
});

test('no repository, a bare one and one without a commit are distinguished, each with the next step', async () => {
  await using dir = await tempDir();
  await using empty = await makeRepo({ empty: true });
  const bare = join(empty.root, 'bare.git');
  await empty.git(['init', '-q', '--bare', bare]);
  const context = { baseEnv: empty.env };
  expect(await readRepository(dir.path, context)).toEqual({ kind: 'none' });
  expect(await readRepository(join(dir.path, 'gone'), context)).toEqual({ kind: 'none' });
  expect(await readRepository(bare, context)).toEqual({ kind: 'bare', gitDir: bare });
  expect(await readRepository(empty.path, context)).toMatchObject({ kind: 'empty', toplevel: empty.path });
  await expect(requireRepository(dir.path, context)).rejects.toMatchObject({
    next: [{ act: 'set_up', args: { init_repository: true } }],
  });
  await expect(requireRepository(bare, context)).rejects.toMatchObject({
    code: 'not_a_repository',
    hint: expect.stringContaining('clone'),
  });
  await expect(requireRepository(empty.path, context)).rejects.toMatchObject({ code: 'no_commit' });
});

test('MAIN_REPO is the top folder of its repository, even if given as a link to it', async () => {
  await using repo = await makeRepo({ files: { 'src/a.ts': '' } });
  const context = { baseEnv: repo.env };
  await expect(requireRepository(join(repo.path, 'src'), context)).rejects.toMatchObject({
    code: 'not_the_top_folder',
    hint: `Set MAIN_REPO to ${repo.path}.`,
  });
  await symlink(repo.path, join(repo.root, 'link'));
  expect(await requireRepository(join(repo.root, 'link'), context)).toMatchObject({ toplevel: repo.path });
});

test("the identity is the configured one, never git's guess", async () => {
  await using repo = await makeRepo();
  await using anonymous = await makeRepo({ anonymous: true });
  expect(await requireIdentity(repo.path, { baseEnv: repo.env })).toEqual({
    name: 'Test Person',
    email: 'test@example.invalid',
  });
  await expect(requireIdentity(anonymous.path, { baseEnv: anonymous.env })).rejects.toMatchObject({
    code: 'no_git_identity',
  });
  await anonymous.git(['config', 'user.email', 'half@example.invalid']);
  await expect(requireIdentity(anonymous.path, { baseEnv: anonymous.env })).rejects.toMatchObject({
    code: 'no_git_identity',
  });
});
