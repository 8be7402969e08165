// @module-tag ci
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  type Discarded,
  dropBranch,
  fillTrash,
  isAllInTrash,
  listTrash,
  pruneTrash,
  restoringOf,
} from '../../../../src/core/project/finishing/trash.ts';
import { removeWorktree } from '../../../../src/core/project/worktrees/remove-worktree.ts';
import {
  type CheckpointScene,
  checkpointScene,
  contentsOf,
  sealedScene,
} from '../../../support/checkpoint-scene.ts';
import { IDENTITY } from '../../../support/temp-repo.ts';

const DAY_MS = 24 * 60 * 60_000;

async function kept(scene: CheckpointScene) {
  const filled = await fillTrash(scene.place);
  return filled.kind === 'kept' ? filled.kept : expect.fail(filled.skipped.join());
}

/** Runs the printed commands. @returns them */
async function restore(
  { place, worktreePath, repo }: CheckpointScene,
  trash: Discarded,
  uncommitted: readonly string[] = [],
): Promise<string[]> {
  const { commands } = await restoringOf(place, { ...trash, branch: 'x', uncommitted }, worktreePath);
  await promisify(execFile)('/bin/sh', ['-c', commands.join(' && ')], {
    env: { ...process.env, ...repo.env },
  });
  return commands;
}

const remove = (scene: CheckpointScene, isKept: () => Promise<boolean>) =>
  removeWorktree(
    { mainRepo: scene.repo.path, worktreePath: scene.worktreePath, baseEnv: scene.repo.env },
    isKept,
  );

test('two printed commands restore branch and worktree byte for byte, including uncommitted files', async () => {
  const scene = await checkpointScene({ folder: 'Über boats' });
  await using repo = scene.repo;
  const { place, worktreePath } = scene;
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Work'], worktreePath);
  await writeFile(join(worktreePath, 'a.txt'), 'changed\r\n');
  await writeFile(join(worktreePath, 'größe "1".txt'), 'new\n');
  await rm(join(worktreePath, '.gitignore'));
  const before = await contentsOf(worktreePath);
  const tip = await repo.git(['rev-parse', 'x']);
  const trash = await kept(scene);
  expect(await repo.git(['rev-parse', 'x'])).toBe(tip);
  expect(await remove(scene, () => isAllInTrash(place, trash))).toEqual({ kind: 'removed' });
  await dropBranch(place, trash.tip);
  await repo.git(['reflog', 'expire', '--expire=now', '--all']);
  await repo.git(['gc', '--quiet', '--prune=now']);
  expect([existsSync(worktreePath), await repo.git(['branch', '--list', 'x'])]).toEqual([false, '']);

  expect(await restore(scene, trash, ['.gitignore', 'a.txt'])).toHaveLength(2);
  expect(await contentsOf(worktreePath)).toEqual(before);
  expect(await repo.git(['rev-parse', 'x'])).toBe(tip);
  expect(await repo.git(['symbolic-ref', '--short', 'HEAD'], worktreePath)).toBe('x');
});

/** What no checkpoint takes: a file that a filter encrypts, one of 60 MB, and a submodule. */
async function withUntaken(): Promise<CheckpointScene> {
  const scene = await sealedScene();
  const { repo, worktreePath } = scene;
  await writeFile(join(worktreePath, 'large.bin'), Buffer.alloc(60 * 1024 * 1024));
  await repo.git(['add', 'large.bin'], worktreePath);
  const link = `160000,${await repo.git(['rev-parse', 'HEAD'])},lib`;
  await repo.git(['update-index', '--add', '--cacheinfo', link], worktreePath);
  await repo.git([...IDENTITY, 'commit', '-q', '-m', 'Work'], worktreePath);
  await mkdir(join(worktreePath, 'lib'));
  return scene;
}

test('what no checkpoint takes is in the worktree again as the branch has it', async () => {
  const scene = await withUntaken();
  await using repo = scene.repo;
  const { place, worktreePath } = scene;
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  const before = await contentsOf(worktreePath);
  const trash = await kept(scene);
  expect(await remove(scene, () => isAllInTrash(place, trash))).toEqual({ kind: 'removed' });
  await dropBranch(place, trash.tip);
  await restore(scene, trash, ['a.txt']);
  expect(await contentsOf(worktreePath)).toEqual(before);
  expect(await repo.git(['status', '--porcelain'], worktreePath)).toBe('M a.txt');
});

test.each<[string, (scene: CheckpointScene, path: string) => Promise<unknown>]>([
  ['it was changed', async (_, path) => await appendFile(path, 'late\n')],
  [
    'git was told not to see that it was changed',
    async ({ repo, worktreePath }, path) => {
      await repo.git(['update-index', '--assume-unchanged', 'large.bin'], worktreePath);
      await appendFile(path, 'late\n');
    },
  ],
])('a file that no checkpoint takes prevents a discard once %s', async (_, change) => {
  const scene = await withUntaken();
  await using _repo = scene.repo;
  await change(scene, join(scene.worktreePath, 'large.bin'));
  expect(await fillTrash(scene.place)).toEqual({ kind: 'not_all', skipped: ['large.bin'] });
});

test('a worktree that is as its branch has it needs one command, also if both are without files', async () => {
  const scene = await checkpointScene({ files: {} });
  await using repo = scene.repo;
  const { place } = scene;
  const trash = await kept(scene);
  await remove(scene, () => isAllInTrash(place, trash));
  await dropBranch(place, trash.tip);
  expect(await restore(scene, trash)).toHaveLength(1);
  expect(await repo.git(['rev-parse', 'x'])).toBe(trash.tip);
});

test('files written after the copy are not removed', async () => {
  const scene = await checkpointScene();
  await using repo = scene.repo;
  const trash = await kept(scene);
  await appendFile(join(scene.worktreePath, 'a.txt'), 'late\n');
  expect(await remove(scene, () => isAllInTrash(scene.place, trash))).toMatchObject({ kind: 'would_lose' });
  expect(existsSync(join(scene.worktreePath, 'a.txt'))).toBe(true);
  await repo.git(['checkout', '--', 'a.txt'], scene.worktreePath);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Late'], scene.worktreePath);
  expect(await remove(scene, () => isAllInTrash(scene.place, trash))).toMatchObject({ kind: 'would_lose' });
  await expect(dropBranch(scene.place, trash.tip)).rejects.toMatchObject({ code: 'git_failed' });
});

test('files that no checkpoint takes prevent a discard', async () => {
  const scene = await checkpointScene();
  await using repo = scene.repo;
  await repo.git(['init', '--quiet', 'inner'], scene.worktreePath);
  await writeFile(join(scene.worktreePath, 'inner/x'), 'x');
  const refs = await repo.git(['for-each-ref', 'refs/heads', 'refs/samocode/_trash']);
  expect(await fillTrash(scene.place)).toEqual({ kind: 'not_all', skipped: ['inner/'] });
  expect(await repo.git(['for-each-ref', 'refs/heads', 'refs/samocode/_trash'])).toBe(refs);
});

test('a branch that exists again needs no commands, and a missing ref has none', async () => {
  const scene = await checkpointScene();
  await using repo = scene.repo;
  const trash = { ...(await kept(scene)), branch: 'x', uncommitted: [] };
  await remove(scene, () => isAllInTrash(scene.place, trash));
  await dropBranch(scene.place, trash.tip);
  const other = await repo.commit('Other');
  await repo.git(['branch', 'x', other]);
  const path = scene.worktreePath;
  expect(await restoringOf(scene.place, trash, path)).toEqual({ isBack: true, commands: [] });
  await repo.git(['branch', '-D', 'x']);
  await repo.git(['update-ref', '-d', trash.ref]);
  expect(await restoringOf(scene.place, trash, path)).toEqual({ isBack: false, commands: [] });
});

test('the trash is pruned once its lifetime is over, and not a day earlier', async () => {
  const scene = await checkpointScene();
  await using repo = scene.repo;
  const { ref, commit } = await kept(scene);
  const [entry] = await listTrash(scene.place);
  const at = entry?.discardedAtMs ?? 0;
  expect(entry).toEqual({ ref, commit, discardedAtMs: at, untilMs: at + 30 * DAY_MS });
  expect(await pruneTrash(scene.place, at + 29 * DAY_MS)).toEqual([]);
  expect(await pruneTrash(scene.place, at + 30 * DAY_MS)).toMatchObject([{ ref }]);
  expect(await repo.git(['for-each-ref', 'refs/samocode/_trash'])).toBe('');
});

test('a discard that was cut off before its event uses its ref again, with the documents of now', async () => {
  const scene = await checkpointScene();
  await using repo = scene.repo;
  await writeFile(join(scene.worktreePath, 'work.txt'), 'work\n');
  const first = await kept(scene);
  await writeFile(join(scene.sessionDir, '_overview.md'), 'revived\n');
  const second = await kept(scene);
  expect(second.commit).not.toBe(first.commit);
  expect(await repo.git(['for-each-ref', '--format=%(refname) %(objectname)', 'refs/samocode/_trash'])).toBe(
    `${first.ref} ${second.commit}`,
  );
});

test('an earlier discard of the same name stays in the trash', async () => {
  const scene = await checkpointScene();
  await using repo = scene.repo;
  const first = await kept(scene);
  await writeFile(join(scene.worktreePath, 'later.txt'), 'later\n');
  const second = await kept(scene);
  expect(second.ref).toBe(`${first.ref}-2`);
  const at = (ref: string) => repo.git(['rev-parse', ref]);
  expect([await at(first.ref), await at(second.ref)]).toEqual([first.commit, second.commit]);
});
