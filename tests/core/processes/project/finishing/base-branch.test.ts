// @module-tag ci
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  branchStatusOf,
  findBaseBranch,
  isInBase,
} from '../../../../../src/core/project/finishing/base-branch.ts';
import { copyRepo, makeRepo, type TempRepo } from '../../../../support/temp-repo.ts';

/** A repository with a remote, and a branch with two commits that began at `main`. */
async function makeOriginal() {
  const repo = await makeRepo();
  const baseCommit = await repo.git(['rev-parse', 'main']);
  const remote = join(repo.root, 'remote.git');
  await repo.git(['clone', '-q', '--bare', repo.path, remote]);
  await repo.git(['remote', 'add', 'origin', remote]);
  await repo.git(['fetch', '-q', 'origin']);
  await repo.git(['switch', '-q', '-c', 'samocode/boats']);
  await repo.commit('Hull', { 'hull.txt': 'hull\n' });
  const tip = await repo.commit('Sail', { 'sail.txt': 'sail\n' });
  await repo.git(['switch', '-q', 'main']);
  return { repo, baseCommit, tip };
}

let original: Awaited<ReturnType<typeof makeOriginal>>;
beforeAll(async () => {
  original = await makeOriginal();
});
afterAll(() => original.repo[Symbol.asyncDispose]());

async function withBranch() {
  const repo = await copyRepo(original.repo);
  return { ...original, repo, remote: join(repo.root, 'remote.git') };
}

type Scene = Awaited<ReturnType<typeof withBranch>>;

const other = (repo: TempRepo) => repo.commit('Other work', { 'other.txt': 'x\n' });
const squash = async ({ repo }: Scene) => {
  await repo.git(['merge', '-q', '--squash', 'samocode/boats']);
  return await repo.commit('Boats');
};

interface Question {
  base?: string;
  tip?: string;
  mergeCommit?: string;
  baseCommit?: string;
  isDone?: boolean;
}

test.each<[string, boolean, (scene: Scene) => Promise<Question | unknown>]>([
  [
    'is merged by hand',
    true,
    async ({ repo }) => await repo.git(['merge', '-q', '--no-ff', 'samocode/boats']),
  ],
  [
    'is merged by hand, and the base has gone on before and after',
    true,
    async ({ repo }) => {
      await other(repo);
      await repo.git(['merge', '-q', '--no-edit', 'samocode/boats']);
      await repo.commit('Later', { 'later.txt': 'x\n' });
    },
  ],
  [
    'is fast-forwarded',
    true,
    async ({ repo }) => await repo.git(['merge', '-q', '--ff-only', 'samocode/boats']),
  ],
  [
    'is pushed to the base of the remote, as a fetch shows',
    true,
    async ({ repo, remote }) => {
      await repo.git(['push', '-q', remote, 'samocode/boats:main']);
      await repo.git(['fetch', '-q', 'origin']);
    },
  ],
  [
    'is pushed to the base of the remote, and nothing has fetched it',
    false,
    async ({ repo, remote }) => await repo.git(['push', '-q', remote, 'samocode/boats:main']),
  ],
  [
    'is pushed to another remote, which the base follows',
    true,
    async ({ repo, remote }) => {
      await repo.git(['remote', 'rename', 'origin', 'upstream']);
      await repo.git(['branch', '-q', '--set-upstream-to=upstream/main', 'main']);
      await repo.git(['push', '-q', remote, 'samocode/boats:main']);
      await repo.git(['fetch', '-q', 'upstream']);
    },
  ],
  [
    'is pushed to the remote of somebody else',
    false,
    async ({ repo, remote }) => {
      await repo.git(['remote', 'rename', 'origin', 'somebody']);
      await repo.git(['push', '-q', remote, 'samocode/boats:main']);
      await repo.git(['fetch', '-q', 'somebody']);
    },
  ],
  [
    'began at a remote branch and is merged into the local one',
    true,
    async ({ repo }) => {
      await repo.git(['merge', '-q', '--no-ff', 'samocode/boats']);
      return { base: 'origin/main' };
    },
  ],
  [
    'began at a local branch whose name ends like one that has it',
    false,
    async ({ repo, baseCommit }) => {
      await repo.git(['branch', '-q', 'next/main', baseCommit]);
      await repo.git(['merge', '-q', '--no-ff', 'samocode/boats']);
      return { base: 'next/main' };
    },
  ],
  ['is squashed by hand', true, squash],
  [
    'is squashed by hand, and the base has gone on since',
    true,
    async (scene) => {
      await squash(scene);
      await other(scene.repo);
    },
  ],
  [
    'is squashed by hand onto other work',
    true,
    async (scene) => {
      await other(scene.repo);
      await squash(scene);
      await scene.repo.commit('Later', { 'later.txt': 'x\n' });
    },
  ],
  [
    'is squashed by hand onto other work, while its session is at work',
    false,
    async (scene) => {
      await other(scene.repo);
      await squash(scene);
      return { isDone: false };
    },
  ],
  [
    'is squashed onto other work and reverted',
    false,
    async (scene) => {
      await other(scene.repo);
      await squash(scene);
      await scene.repo.git(['revert', '--no-edit', 'HEAD']);
    },
  ],
  [
    'is squashed onto other work and then changed',
    false,
    async (scene) => {
      await other(scene.repo);
      await squash(scene);
      await scene.repo.commit('Repaint', { 'hull.txt': 'red hull\n' });
    },
  ],
  [
    'has changes that cancel out',
    false,
    async ({ repo }) => {
      await other(repo);
      await repo.git(['switch', '-q', 'samocode/boats']);
      await repo.git(['rm', '-q', 'hull.txt', 'sail.txt']);
      await repo.git(['commit', '-q', '-m', 'Nothing']);
    },
  ],
  [
    'would need a merge driver of the repository, which is not started',
    false,
    async (scene) => {
      const { repo } = scene;
      await repo.commit('Other work', { '.gitattributes': '*.txt merge=own\n', 'hull.txt': 'hull\nred\n' });
      await repo.git(['config', 'merge.own.driver', `touch '${repo.root}/ran'; cp %A %A`]);
    },
  ],
  [
    'is squashed onto other work as its pull request says',
    true,
    async (scene) => {
      await other(scene.repo);
      return { mergeCommit: await squash(scene) };
    },
  ],
  [
    'is squashed as its pull request says, and nothing has fetched that',
    false,
    async () => ({ mergeCommit: '0123456789012345678901234567890123456789' }),
  ],
  [
    'is merged and deleted',
    true,
    async ({ repo, tip }) => {
      await repo.git(['merge', '-q', '--no-ff', 'samocode/boats']);
      await repo.git(['branch', '-q', '-d', 'samocode/boats']);
      return { tip };
    },
  ],
  [
    'is squashed and deleted',
    true,
    async (scene) => {
      await squash(scene);
      await scene.repo.git(['branch', '-q', '-D', 'samocode/boats']);
      return { tip: scene.tip };
    },
  ],
  [
    'is deleted and was not merged',
    false,
    async ({ repo, tip }) => {
      await repo.git(['branch', '-q', '-D', 'samocode/boats']);
      return { tip };
    },
  ],
  ['is gone', false, async ({ repo }) => await repo.git(['branch', '-q', '-D', 'samocode/boats'])],
  [
    'has grown since it was merged',
    false,
    async ({ repo }) => {
      await repo.git(['merge', '-q', '--no-ff', 'samocode/boats']);
      await repo.git(['switch', '-q', 'samocode/boats']);
      await repo.commit('More', { 'more.txt': 'x\n' });
    },
  ],
  ['is not merged', false, async ({ repo }) => await other(repo)],
  [
    'has no commit of its own',
    false,
    async ({ repo, tip }) => {
      await repo.git(['merge', '-q', '--ff-only', 'samocode/boats']);
      return { baseCommit: tip };
    },
  ],
  ['began at a base that is gone', false, async () => ({ base: 'gone' })],
  ['began at a commit', false, async ({ baseCommit }) => ({ base: baseCommit })],
])('whether the base has the work of a branch that %s: %s', async (_what, expected, happens) => {
  const scene = await withBranch();
  await using repo = scene.repo;
  const more = await happens(scene);
  const question = {
    base: 'main',
    baseCommit: scene.baseCommit,
    isDone: true,
    ...(typeof more === 'object' ? more : {}),
  };
  const branch = { mainRepo: repo.path, branch: 'samocode/boats', ...question };
  const objects = async () => (await repo.git(['count-objects'])).trim();
  const before = await objects();
  expect(await isInBase(branch, repo.env)).toBe(expected);
  expect([await objects(), existsSync(join(repo.root, 'ran'))]).toEqual([before, false]);
});

test.each<[what: string, names: string[], base: object, into: string | undefined]>([
  [
    'a remote one',
    ['origin/main', 'main'],
    { base: 'origin/main', baseRef: 'refs/remotes/origin/main' },
    'main',
  ],
  [
    'a remote one, without a local one',
    ['origin/main'],
    { base: 'origin/main', baseRef: 'refs/remotes/origin/main' },
    undefined,
  ],
  [
    'a local one',
    ['origin/main', 'main'],
    { base: 'origin/main', baseRef: 'refs/heads/origin/main' },
    'origin/main',
  ],
  [
    'a local one that is gone',
    ['main'],
    { base: 'origin/main', baseRef: 'refs/heads/origin/main' },
    undefined,
  ],
  ['that of an old record', ['origin/main', 'main'], { base: 'origin/main' }, 'origin/main'],
  ['that of an old record, without a namesake', ['main'], { base: 'origin/main' }, 'main'],
  [
    'a remote one, whose remote has a slash',
    ['fork/main', 'main'],
    { base: 'team/fork/main', baseRef: 'refs/remotes/team/fork/main' },
    'main',
  ],
  [
    'a remote one with a slash',
    ['release/main', 'main'],
    { base: 'origin/release/main', baseRef: 'refs/remotes/origin/release/main' },
    'release/main',
  ],
])(
  'the branch to merge into is that of the base, not one that is called like it: %s',
  async (_what, names, base, into) => {
    const scene = await withBranch();
    await using repo = scene.repo;
    await repo.git(['remote', 'add', 'team/fork', scene.remote]);
    await repo.git(['push', '-q', scene.remote, 'main:release/main']);
    await repo.git(['fetch', '-q', '--multiple', 'origin', 'team/fork']);
    await repo.git(['switch', '-q', '--detach']);
    // The namesakes have the work, so each of them counts no commit.
    for (const name of names)
      await repo.git(['update-ref', `refs/heads/${name}`, name === into ? 'main' : scene.tip]);
    if (!names.includes('main')) await repo.git(['branch', '-q', '-D', 'main']);
    const branch = { branch: 'samocode/boats', baseCommit: scene.baseCommit, ...base } as const;
    const of = { base: '', ...branch };
    const found = await findBaseBranch({ ...of, mainRepo: repo.path, baseEnv: repo.env });
    expect(found).toMatchObject({ into, ahead: into === undefined ? 0 : 2 });
    expect(await branchStatusOf(of, { cwd: repo.path, baseEnv: repo.env })).toMatchObject({
      into,
      ahead: found.ahead,
    });
  },
);

test('without git or a repository, no branch is known to be merged', async () => {
  const scene = await withBranch();
  await using repo = scene.repo;
  await repo.git(['merge', '-q', '--no-ff', 'samocode/boats']);
  const branch = { branch: 'samocode/boats', base: 'main', baseCommit: scene.baseCommit };
  expect(await isInBase({ ...branch, mainRepo: repo.path }, { PATH: '/none' })).toBe(false);
  expect(await isInBase({ ...branch, mainRepo: repo.root }, repo.env)).toBe(false);
  expect(await isInBase({ ...branch, mainRepo: join(repo.root, 'gone') }, repo.env)).toBe(false);
});

test('a branch is ahead of the local base by the commits that it lacks, whatever the remote has', async () => {
  const scene = await withBranch();
  await using repo = scene.repo;
  const git = { cwd: repo.path, baseEnv: repo.env };
  const branch = { branch: 'samocode/boats', base: 'main', baseCommit: scene.baseCommit };
  const checkout = repo.path;
  expect(await branchStatusOf(branch, git)).toMatchObject({
    into: 'main',
    ahead: 2,
    isInBase: false,
    checkout,
  });
  await repo.git(['push', '-q', scene.remote, 'samocode/boats:main']);
  await repo.git(['fetch', '-q', 'origin']);
  await other(repo);
  expect(await branchStatusOf(branch, git)).toMatchObject({ ahead: 2, isInBase: true });
  // Another way to the same commits.
  await repo.git(['merge', '-q', '--no-edit', 'samocode/boats~1']);
  expect(await branchStatusOf(branch, git)).toMatchObject({ ahead: 1 });
  await repo.git(['merge', '-q', '--no-edit', 'samocode/boats']);
  await repo.git(['switch', '-q', '--detach']);
  expect(await branchStatusOf(branch, git)).toMatchObject({ ahead: 0, isInBase: true, checkout: undefined });
});
