// @module-tag ci

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import {
  commonDirOf,
  readRepository,
  requireIdentity,
  requireRepository,
} from '../../../../src/core/project/git/repository.ts';
import { waitForRunningGit } from '../../../../src/core/project/git/running-git.ts';
import { unsignedCommits } from '../../../../src/core/project/git/unsigned-commits.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

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

test('commits without a signature count only for a user who signs', async () => {
  await using repo = await makeRepo();
  const since = (await repo.git(['rev-parse', 'HEAD'])).trim();
  const key = join(repo.root, 'key');
  await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key], { env: repo.env });
  await repo.commit('Plain', { 'a.txt': 'a\n' });
  await repo.git(['config', 'gpg.format', 'ssh']);
  await repo.git(['config', 'user.signingKey', key]);
  await repo.git(['commit', '-q', '-S', '--allow-empty', '-m', 'Signed\n\ngpgsig that is none']);
  await repo.git(['commit', '-q', '--no-gpg-sign', '--allow-empty', '-m', 'gpgsig is only its subject']);
  const count = () => unsignedCommits({ mainRepo: repo.path, since, tip: 'HEAD' }, { baseEnv: repo.env });
  expect(await count()).toBe(0);
  await repo.git(['config', 'commit.gpgSign', 'true']);
  expect(await count()).toBe(2);
  await repo.git(['rebase', '-q', '--force-rebase', '--gpg-sign', since]);
  expect(await count()).toBe(0);
});

test.each(['', 'its own'])('a git whose worker died is ended, with its pid recorded as "%s"', async (pid) => {
  await using repo = await makeRepo();
  const notes = join(repo.root, 'notes');
  await mkdir(notes);
  const env = { PATH: repo.env.PATH, SAMOCODE_GIT: 'note' };
  const git = spawn('sleep', ['1000'], { env, detached: true, stdio: 'ignore' });
  const ended = once(git, 'exit');
  await writeFile(join(notes, 'note'), `${pid === '' ? '' : git.pid} reset`);
  await waitForRunningGit(notes, { clock: systemClock, host: await systemHost() });
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(await readdir(notes)).toEqual([]);
});
