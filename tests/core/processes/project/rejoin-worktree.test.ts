import { existsSync } from 'node:fs';
import { copyFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rejoinWorktree } from '../../../../src/core/project/worktrees/rejoin-worktree.ts';
import { type CheckpointScene, checkpointScene } from '../../../support/checkpoint-scene.ts';

/** Registers the worktree of a scene again. */
async function rejoin({ repo, place }: CheckpointScene) {
  const { mainRepo, worktreePath, branch, baseEnv } = place;
  const baseCommit = await repo.git(['rev-parse', branch]);
  return await rejoinWorktree({ mainRepo, worktreePath, branch, baseEnv, baseCommit });
}

const VANDALS: Array<{
  what: string;
  does(scene: CheckpointScene): Promise<unknown>;
}> = [
  { what: 'lost its .git file', does: ({ worktreePath }) => rm(join(worktreePath, '.git')) },
  {
    what: 'was forgotten by the repository',
    does: ({ repo }) => rm(join(repo.path, '.git/worktrees'), { recursive: true }),
  },
  {
    what: 'lost both',
    async does({ repo, worktreePath }) {
      await rm(join(worktreePath, '.git'));
      await rm(join(repo.path, '.git/worktrees'), { recursive: true });
    },
  },
  {
    what: 'was redirected to MAIN_REPO',
    does: ({ repo, worktreePath }) =>
      writeFile(join(worktreePath, '.git'), `gitdir: ${join(repo.path, '.git')}\n`),
  },
  {
    what: 'was linked to MAIN_REPO',
    async does({ repo, worktreePath }) {
      await rm(join(worktreePath, '.git'));
      await symlink(join(repo.path, '.git'), join(worktreePath, '.git'));
    },
  },
  {
    what: 'was redirected to another worktree',
    async does({ repo, worktreePath }) {
      const other = join(repo.root, 'other');
      await repo.git(['worktree', 'add', '-q', '-b', 'other', other]);
      await copyFile(join(other, '.git'), join(worktreePath, '.git'));
    },
  },
  {
    what: 'was moved by hand and back',
    async does({ worktreePath }) {
      await rename(worktreePath, `${worktreePath}-away`);
      await rename(`${worktreePath}-away`, worktreePath);
    },
  },
];

test.each(VANDALS)('a worktree that $what is registered again with its files', async ({ does }) => {
  const scene = await checkpointScene();
  await using repo = scene.repo;
  const { worktreePath } = scene;
  await writeFile(join(worktreePath, 'a.txt'), 'unsaved\n');
  await does(scene);
  await rejoin(scene);
  expect(await repo.git(['status', '--porcelain', '--branch'], worktreePath)).toBe('## x\n M a.txt');
  expect(await repo.git(['symbolic-ref', 'HEAD'])).toBe('refs/heads/main');
});

test('a removed worktree is recreated from its branch', async () => {
  const scene = await checkpointScene();
  const { repo, worktreePath } = scene;
  await using _ = repo;
  await rm(worktreePath, { recursive: true });
  expect(await rejoin(scene)).toBe('recreated');
  expect(await repo.git(['status', '--porcelain', '--branch'], worktreePath)).toBe('## x');
});

/** What an interrupted `rejoinWorktree` leaves beside a folder whose registration was lost. */
const addBeside = async ({ repo, worktreePath }: CheckpointScene) => {
  await rm(join(worktreePath, '.git'));
  await repo.git(['worktree', 'prune']);
  const beside = `${worktreePath}.rejoin`;
  await repo.git(['worktree', 'add', '-q', '--force', '--no-checkout', beside, 'x']);
  await repo.git(['reset', '-q', '--mixed'], beside);
  return beside;
};

test.each<[string, (scene: CheckpointScene) => Promise<unknown>]>([
  ['before its pointer was in place', addBeside],
  [
    'after its pointer was in place',
    async (scene) => {
      const beside = await addBeside(scene);
      await copyFile(join(beside, '.git'), join(scene.worktreePath, '.git'));
    },
  ],
  [
    'before what it had made beside it was removed',
    async (scene) => {
      const beside = await addBeside(scene);
      await copyFile(join(beside, '.git'), join(scene.worktreePath, '.git'));
      await scene.repo.git(['worktree', 'repair', scene.worktreePath]);
    },
  ],
])('a worktree whose registration was cut off %s is registered by the next try', async (_, cutOff) => {
  const scene = await checkpointScene();
  const { repo, worktreePath } = scene;
  await using _repo = repo;
  await writeFile(join(worktreePath, 'a.txt'), 'unsaved\n');
  await cutOff(scene);
  await rejoin(scene);
  expect(existsSync(`${worktreePath}.rejoin`)).toBe(false);
  expect(await repo.git(['status', '--porcelain', '--branch'], worktreePath)).toBe('## x\n M a.txt');
  const listed = await repo.git(['worktree', 'list', '--porcelain']);
  expect(listed).toContain(`worktree ${worktreePath}\n`);
  expect(listed).not.toContain('.rejoin');
  expect(await rejoin(scene)).toBe('fine');
});

test('a worktree that was moved is reported with its path', async () => {
  const scene = await checkpointScene();
  const { repo, worktreePath } = scene;
  await using _ = repo;
  await repo.git(['worktree', 'move', worktreePath, join(repo.root, 'moved')]);
  await expect(rejoin(scene)).rejects.toMatchObject({
    code: 'branch_elsewhere',
    why: expect.stringContaining('moved'),
  });
});
