import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Looks } from '../../src/worker/looks.ts';
import { tempDir } from '../support/temp-dir.ts';

test('a file is due at first, when it has changed, come or gone, and now and then', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, '_qa.md');
  let nowMs = 0;
  const looks = new Looks({ monotonic: () => nowMs });
  const due = async () => [looks.isDue(path), looks.isDue(path)];
  expect(await due()).toEqual([true, false]);
  await writeFile(path, 'a');
  expect(await due()).toEqual([true, false]);
  await writeFile(path, 'ab');
  expect(await due()).toEqual([true, false]);
  await rm(path);
  expect(await due()).toEqual([true, false]);
  nowMs += 10_000;
  expect(await due()).toEqual([true, false]);
});
