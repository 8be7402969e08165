// @module-tag ci
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveBase } from '../../../../src/core/project/worktrees/base-commit.ts';
import { copyRepo, makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

/** A repository with a bare remote `origin` whose default branch is `trunk`, one commit ahead of the local one. */
async function makeOriginal(): Promise<{ repo: TempRepo; ahead: string }> {
  const repo = await makeRepo({ branch: 'trunk' });
  const remote = join(repo.root, 'remote.git');
  const other = join(repo.root, 'other');
  await repo.git(['init', '-q', '--bare', '-b', 'trunk', remote]);
  await repo.git(['remote', 'add', 'origin', remote]);
  await repo.git(['push', '-q', 'origin', 'trunk']);
  await repo.git(['clone', '-q', remote, other]);
  const who = ['-c', 'user.name=Other', '-c', 'user.email=other@example.invalid'];
  await repo.git([...who, 'commit', '-q', '--allow-empty', '-m', 'Ahead'], other);
  await repo.git(['push', '-q', 'origin', 'trunk'], other);
  return { repo, ahead: await repo.git(['rev-parse', 'HEAD'], other) };
}

let original: Awaited<ReturnType<typeof makeOriginal>>;
beforeAll(async () => {
  original = await makeOriginal();
});
afterAll(() => original.repo[Symbol.asyncDispose]());

async function withRemote(): Promise<{ repo: TempRepo; remote: string; ahead: string }> {
  const repo = await copyRepo(original.repo);
  return { ...original, repo, remote: join(repo.root, 'remote.git') };
}

/** The remote is called `upstream`; `origin` is a fork of it, without the newest commit. */
async function withFork(): ReturnType<typeof withRemote> {
  const made = await withRemote();
  const { repo } = made;
  const fork = join(repo.root, 'fork.git');
  await repo.git(['init', '-q', '--bare', '-b', 'trunk', fork]);
  await repo.git(['push', '-q', fork, 'trunk']);
  await repo.git(['remote', 'rename', 'origin', 'upstream']);
  await repo.git(['remote', 'add', 'origin', fork]);
  return made;
}

const ask = (repo: TempRepo, base?: string) =>
  resolveBase({ mainRepo: repo.path, baseEnv: repo.env, ...(base === undefined ? {} : { base }) });

test("the base is the remote's current default branch, not the checked out one", async () => {
  const { repo, ahead } = await withRemote();
  await using _ = repo;
  await repo.git(['checkout', '-q', '-b', 'my-own-work']);
  await repo.commit('Private');
  expect(await ask(repo)).toEqual({ commit: ahead, name: 'origin/trunk', ref: 'refs/remotes/origin/trunk' });
});

test('a default branch that changed on the remote is detected', async () => {
  const { repo, remote, ahead } = await withRemote();
  await using _ = repo;
  await repo.git(['remote', 'set-head', 'origin', 'trunk']);
  await repo.git(['branch', 'next', ahead], remote);
  await repo.git(['symbolic-ref', 'HEAD', 'refs/heads/next'], remote);
  expect(await ask(repo)).toEqual({ commit: ahead, name: 'origin/next', ref: 'refs/remotes/origin/next' });
});

test('the default branch is found even if only another one is fetched', async () => {
  const { repo, ahead } = await withRemote();
  await using _ = repo;
  await repo.git(['push', '-q', 'origin', 'trunk:side']);
  await repo.git(['config', 'remote.origin.fetch', '+refs/heads/side:refs/remotes/origin/side']);
  await repo.git(['update-ref', '-d', 'refs/remotes/origin/trunk']);
  expect(await ask(repo)).toEqual({ commit: ahead, name: 'origin/trunk', ref: 'refs/remotes/origin/trunk' });
});

test('an unreachable remote falls back to the last fetch, with a warning', async () => {
  const { repo, remote } = await withRemote();
  await using _ = repo;
  const known = await repo.git(['rev-parse', 'refs/remotes/origin/trunk']);
  await repo.git(['remote', 'set-head', 'origin', 'trunk']);
  await rm(remote, { recursive: true });
  expect(await ask(repo)).toEqual({
    commit: known,
    name: 'origin/trunk',
    ref: 'refs/remotes/origin/trunk',
    warning: 'The remote did not respond: this commit may be older than the one there.',
  });
});

test('a remote that was never reached falls back to the local default branch, with a warning', async () => {
  await using repo = await makeRepo();
  await repo.git(['remote', 'add', 'origin', join(repo.root, 'nowhere')]);
  const head = await repo.git(['rev-parse', 'main']);
  expect(await ask(repo)).toMatchObject({
    commit: head,
    name: 'main',
    warning: expect.stringMatching(/is not known here/),
  });
});

test('an empty remote falls back to the local default branch, with a warning', async () => {
  await using repo = await makeRepo();
  await repo.git(['init', '-q', '--bare', join(repo.root, 'empty.git')]);
  await repo.git(['remote', 'add', 'origin', join(repo.root, 'empty.git')]);
  expect(await ask(repo)).toMatchObject({
    name: 'main',
    warning: expect.stringMatching(/no default branch/),
  });
});

test('without a remote the base is init.defaultBranch, main, master or the only branch, in this order', async () => {
  await using repo = await makeRepo({ branch: 'odd' });
  expect(await ask(repo)).toMatchObject({ name: 'odd' });
  await repo.git(['branch', 'master']);
  expect(await ask(repo)).toMatchObject({ name: 'master' });
  await repo.git(['branch', 'main']);
  expect(await ask(repo)).toMatchObject({ name: 'main' });
  await repo.git(['config', 'init.defaultBranch', 'odd']);
  expect(await ask(repo)).toMatchObject({ name: 'odd' });
});

test('without a recognizable default branch the checked out commit is used with a warning', async () => {
  await using repo = await makeRepo({ branch: 'one' });
  await repo.git(['branch', 'two']);
  expect(await ask(repo)).toMatchObject({ name: 'HEAD', warning: expect.stringMatching(/was used/) });
});

test('a named base may be a branch, a tag, a commit or a branch of the remote', async () => {
  const { repo } = await withRemote();
  await using _ = repo;
  const first = await repo.git(['rev-parse', 'trunk']);
  await repo.git(['tag', 'v1']);
  await repo.git(['branch', 'side']);
  await repo.git(['push', '-q', 'origin', 'trunk:far-away']);
  expect(await ask(repo, 'side')).toEqual({ commit: first, name: 'side', ref: 'refs/heads/side' });
  expect(await ask(repo, 'v1')).toEqual({ commit: first, name: 'v1' });
  expect(await ask(repo, first.slice(0, 10))).toMatchObject({ commit: first });
  expect(await ask(repo, 'far-away')).toEqual({
    commit: first,
    name: 'origin/far-away',
    ref: 'refs/remotes/origin/far-away',
  });
});

test.each([
  ['only behind', [], 'origin/trunk', undefined],
  ['level', ['merge', '-q', '--ff-only', 'refs/remotes/origin/trunk'], 'trunk', undefined],
  [
    'ahead',
    ['reset', '-q', '--hard', 'refs/remotes/origin/trunk'],
    'trunk',
    'The session starts from the local branch trunk, which has 1 commit that origin/trunk lacks. To start from what was fetched, name the base origin/trunk.',
  ],
  [
    'parted',
    ['reset', '-q', '--hard', 'HEAD'],
    'trunk',
    'The session starts from the local branch trunk, which has 1 commit that origin/trunk lacks, and lacks 1 commit of it. To start from what was fetched, name the base origin/trunk.',
  ],
])('a named branch that is %s starts a session from the right side', async (how, moved, name, warning) => {
  const { repo } = await withRemote();
  await using _ = repo;
  await repo.git(['fetch', '-q', 'origin']);
  if (moved.length > 0) await repo.git(moved);
  if (warning !== undefined) await repo.commit('Here alone');
  const ref = name === 'trunk' ? 'refs/heads/trunk' : 'refs/remotes/origin/trunk';
  const commit = await repo.git(['rev-parse', ref]);
  expect(await ask(repo, 'trunk'), how).toEqual({ commit, name, ref, ...(warning && { warning }) });
});

test('a local branch is compared with the branch of the remote that it follows', async () => {
  const { repo, remote, ahead } = await withFork();
  await using _ = repo;
  await repo.git(['branch', '-q', '--set-upstream-to', 'upstream/trunk', 'trunk']);
  expect(await ask(repo, 'trunk')).toMatchObject({ commit: ahead, name: 'upstream/trunk' });
  await repo.git(['reset', '-q', '--hard', ahead]);
  await repo.commit('Here alone');
  await rm(remote, { recursive: true });
  expect(await ask(repo, 'trunk')).toMatchObject({
    name: 'trunk',
    warning: expect.stringMatching(/^The remote did not respond.* has 1 commit that upstream\/trunk lacks/),
  });
});

test('a base of another remote is fetched from that one', async () => {
  const { repo, remote, ahead } = await withFork();
  await using _ = repo;
  expect(await ask(repo, 'upstream/trunk')).toEqual({
    commit: ahead,
    name: 'upstream/trunk',
    ref: 'refs/remotes/upstream/trunk',
  });
  expect(await ask(repo)).toMatchObject({ name: 'origin/trunk' });
  await rm(remote, { recursive: true });
  expect(await ask(repo, 'upstream/trunk')).toMatchObject({
    commit: ahead,
    warning: expect.stringContaining('did not respond'),
  });
});

test('a tag with the name of a branch is not used in its place', async () => {
  const { repo, ahead } = await withRemote();
  await using _ = repo;
  const first = await repo.git(['rev-parse', 'trunk']);
  await repo.commit('Elsewhere');
  const names = ['trunk', 'far-away', 'origin/trunk'];
  for (const name of names) await repo.git(['tag', name, 'HEAD']);
  await repo.git(['reset', '-q', '--hard', first]);
  await repo.git(['push', '-q', 'origin', `${first}:refs/heads/far-away`]);
  expect(await ask(repo, 'trunk')).toMatchObject({ commit: ahead, name: 'origin/trunk' });
  expect(await ask(repo, 'trunk~0')).toMatchObject({ commit: first });
  expect(await ask(repo, 'far-away')).toEqual({
    commit: first,
    name: 'origin/far-away',
    ref: 'refs/remotes/origin/far-away',
  });
  expect(await ask(repo, 'origin/trunk')).toEqual({
    commit: ahead,
    name: 'origin/trunk',
    ref: 'refs/remotes/origin/trunk',
  });
});

test("a base with the name of a remote is that remote's branch, also where a local one is called like it", async () => {
  const { repo, ahead } = await withRemote();
  await using _ = repo;
  const first = await repo.git(['rev-parse', 'trunk']);
  await repo.git(['update-ref', 'refs/heads/origin/trunk', first]);
  const remote = { commit: ahead, name: 'origin/trunk', ref: 'refs/remotes/origin/trunk' };
  expect(await ask(repo)).toEqual(remote);
  expect(await ask(repo, 'origin/trunk')).toEqual(remote);
  const local = { commit: first, name: 'origin/trunk', ref: 'refs/heads/origin/trunk' };
  expect(await ask(repo, 'refs/heads/origin/trunk')).toEqual(local);
});

test.each(['gone', '--all', 'HEAD:README.md'])('the base "%s" is refused', async (base) => {
  await using repo = await makeRepo();
  await expect(ask(repo, base)).rejects.toMatchObject({ code: 'base_not_found' });
});
