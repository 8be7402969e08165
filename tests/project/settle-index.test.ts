import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openStore } from '../../src/project/checkpoint-store.ts';
import { COARSEST_CLOCK_MS } from '../../src/project/file-system-now.ts';
import { settleIndex } from '../../src/project/settle-index.ts';
import { listDifferent } from '../../src/project/take-files.ts';
import { checkpointScene } from '../support/checkpoint-scene.ts';

test('an index is settled once it has come of age, and what changed in its own second is still found', async () => {
  const { repo, worktreePath, place, keep } = await checkpointScene();
  await using _ = repo;
  const file = join(worktreePath, 'a.txt');
  const second = new Date(Math.floor(Date.now() / 1000) * 1000);
  await utimes(file, second, second);
  await keep(1);
  // Same size and same time: by these alone nobody could tell.
  await writeFile(file, 'b\n');
  await utimes(file, second, second);
  const store = await openStore(place);
  const different = () => listDifferent(store, { part: 'worktree', folder: worktreePath });
  expect(await settleIndex(store, worktreePath)).toBe(false);
  await sleep(COARSEST_CLOCK_MS + 100);
  expect(await settleIndex(store, worktreePath)).toBe(true);
  expect(await different()).toEqual(['a.txt']);
  await writeFile(file, 'a\n');
  expect(await different()).toEqual([]);
});

test('checkpoints before and after an index settles hold the bytes of their moment', async () => {
  const { repo, worktreePath, keep } = await checkpointScene();
  await using _ = repo;
  const file = join(worktreePath, 'a.txt');
  const kept = [await keep(1)];
  for (const iteration of [2, 3, 4]) {
    if (iteration === 3) await sleep(COARSEST_CLOCK_MS + 100);
    await writeFile(file, `${iteration}\n`);
    kept.push(await keep(iteration));
  }
  const texts = kept.map(({ commit }) => repo.git(['show', `${commit}:worktree/a.txt`]));
  expect(await Promise.all(texts)).toEqual(['a', '2', '3', '4']);
});
