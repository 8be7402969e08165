import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { iterationPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import {
  KEPT_ITERATIONS,
  removeOldIterations,
} from '../../../../src/core/worker/iteration/finish-iteration.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('the machine files of the newest iterations are kept, and older ones are removed', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  for (let iteration = 1; iteration <= KEPT_ITERATIONS + 3; iteration += 1) {
    await mkdir(iterationPaths(paths, iteration).dir, { recursive: true });
    await writeFile(iterationPaths(paths, iteration).prompt, 'x');
  }
  await mkdir(join(paths.iterations, 'notes'));
  removeOldIterations(paths, KEPT_ITERATIONS + 3);
  expect((await readdir(paths.iterations)).sort()).toEqual([
    ...Array.from({ length: KEPT_ITERATIONS }, (_, index) => String(index + 4).padStart(3, '0')),
    'notes',
  ]);
});

test('a session with few iterations, or without their folder, loses no files', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  removeOldIterations(paths, 1000);
  await mkdir(iterationPaths(paths, 1).dir, { recursive: true });
  removeOldIterations(paths, KEPT_ITERATIONS);
  expect(await readdir(paths.iterations)).toEqual(['001']);
});
