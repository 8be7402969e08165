import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataFolder } from '../../../../src/core/project/worktrees/sandbox-folders.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test("services keep the data that an earlier version's folder has, and new ones begin in no dot folder", async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, '.data/26-01-08-before'), { recursive: true });
  expect(dataFolder(dir.path, '26-01-08-before')).toBe(join(dir.path, '.data/26-01-08-before'));
  expect(dataFolder(dir.path, '26-01-09-new')).toBe(join(dir.path, '_data/26-01-09-new'));
});
