// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepCheckpoint } from '../../../../src/core/project/checkpoints/checkpoint.ts';
import {
  checkpointRef,
  dropCheckpoints,
  keepPhaseEnd,
  pruneCheckpoints,
} from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { openStore, repositoryOptions } from '../../../../src/core/project/checkpoints/checkpoint-store.ts';
import { checkpointScene, FOLDER } from '../../../support/checkpoint-scene.ts';

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
