// @module-tag ci
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepCheckpoint } from '../../../../../src/core/project/checkpoints/checkpoint.ts';
import {
  checkpointRef,
  dropCheckpoints,
  keepPhaseEnd,
  pruneCheckpoints,
} from '../../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import {
  openStore,
  repositoryOptions,
} from '../../../../../src/core/project/checkpoints/checkpoint-store.ts';
import {
  type CheckpointScene,
  checkpointScene,
  contentsOf,
  FOLDER,
} from '../../../../support/checkpoint-scene.ts';

test('the last twenty checkpoints and the ends of phases are kept, and all are dropped together', {
  timeout: 180_000,
}, async () => {
  const { repo, worktreePath, place, keep } = await checkpointScene();
  await using _ = repo;
  const store = await openStore(place);
  const refs = async () =>
    (await repo.git(['for-each-ref', '--format=%(refname)', 'refs/samocode/'])).split('\n');
  const start = await keep(0);
  for (let iteration = 1; iteration <= 23; iteration += 1) {
    await writeFile(join(worktreePath, 'a.txt'), `${iteration}\n`);
    if (iteration === 2) {
      await keepCheckpoint({ ...place, moment: { kind: 'before', iteration } });
      // Of a build that kept one before it ended an agent.
      await repo.git(['update-ref', `refs/samocode/${FOLDER}/002-before-kill`, start.commit]);
      await writeFile(join(worktreePath, 'a.txt'), 'after\n');
    }
    const { commit } = await keep(iteration);
    if (iteration === 1)
      await keepPhaseEnd(store, { sessionFolder: FOLDER, iteration, phase: 'planning', commit });
  }
  expect(await pruneCheckpoints(store, FOLDER)).toHaveLength(5);
  expect(await refs()).toHaveLength(22);
  expect(await refs()).toContain(start.ref);
  expect(await refs()).toContain(`refs/samocode/${FOLDER}/phase-ends/001-planning`);
  for (const moment of ['before', 'before-kill'])
    expect(await refs()).not.toContain(`refs/samocode/${FOLDER}/002-${moment}`);
  await dropCheckpoints(FOLDER, repositoryOptions(store));
  expect(await refs()).toEqual(['']);
});

test('a folder of the original tool gets a ref name that git allows', () => {
  expect(checkpointRef('26-01-08_Old Name..x~', { kind: 'after', iteration: 7 })).toBe(
    'refs/samocode/26-01-08-Old-Name-x-/007',
  );
});

const LOCKS = [
  ['the index', 'worktrees/26-01-08-x/index.lock'],
  ['HEAD', 'worktrees/26-01-08-x/HEAD.lock'],
  ["the session's branch", 'refs/heads/x.lock'],
] as const;

/** A worktree with a checkpoint, and a later commit and file. */
async function aheadOfCheckpoint() {
  const scene = await checkpointScene();
  const { repo, worktreePath, keep } = scene;
  const { commit } = await keep(1);
  await writeFile(join(worktreePath, 'a.txt'), 'later\n');
  await repo.git(['commit', '-q', '-a', '-m', 'Later'], worktreePath);
  await writeFile(join(worktreePath, 'b.txt'), 'not committed\n');
  return { ...scene, commit };
}

async function stateOf({ repo, worktreePath, sessionDir }: CheckpointScene) {
  return {
    code: await contentsOf(worktreePath),
    documents: await contentsOf(sessionDir),
    status: await repo.git(['status', '--porcelain', '--branch'], worktreePath),
    tip: await repo.git(['rev-parse', 'x']),
    undoPoints: await repo.git(['for-each-ref', '--format=%(refname)', 'refs/samocode/*/rewinds/']),
  };
}

test.each(LOCKS)(
  'while git holds the lock of %s, a rewind changes nothing and names the lock',
  async (_, name) => {
    const scene = await aheadOfCheckpoint();
    await using repo = scene.repo;
    const lock = join(repo.path, '.git', name);
    await writeFile(lock, '');
    const before = await stateOf(scene);
    await expect(scene.restore(scene.commit, '1')).rejects.toMatchObject({
      code: 'git_locked',
      message: expect.stringContaining(lock),
    });
    expect(await stateOf(scene)).toEqual(before);
    expect(await readFile(lock, 'utf8')).toBe('');
    await rm(lock);
    await scene.restore(scene.commit, '1');
    expect(await readFile(join(scene.worktreePath, 'a.txt'), 'utf8')).toBe('a\n');
  },
);

test('a rewind leaves no lock file', async () => {
  const scene = await aheadOfCheckpoint();
  await using repo = scene.repo;
  await scene.restore(scene.commit, '1');
  const names = await readdir(join(repo.path, '.git'), { recursive: true });
  expect(names.filter((name) => name.endsWith('.lock'))).toEqual([]);
});

test('the locks of an interrupted rewind do not block a later one', async () => {
  const scene = await aheadOfCheckpoint();
  await using repo = scene.repo;
  for (const [, name] of LOCKS) await writeFile(join(repo.path, '.git', name), 'samocode rewind\n');
  await scene.restore(scene.commit, '1');
  expect(await repo.git(['status', '--porcelain', '--branch'], scene.worktreePath)).toBe('## x');
});
