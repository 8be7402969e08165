import { join } from 'node:path';
import { expect, test } from 'vitest';
import { proofPlace } from '../../../../src/core/sandbox/proof-place.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('without a guard, variables that lead below home lead to an empty one, and those into a clone below home stay', async () => {
  await using dir = await tempDir();
  const clone = join(dir.path, 'projects/_checks/full');
  const folders = { clone, empty: `${clone}.empty`, ofHome: [], objects: [], identity: undefined };
  const env = { HOME: dir.path, PYTHONPATH: `${clone}/src:${dir.path}/lib` };
  expect(proofPlace(undefined, folders, env).env).toEqual({
    HOME: join(folders.empty, 'home'),
    PYTHONPATH: `${clone}/src:${folders.empty}/home/lib`,
  });
});
