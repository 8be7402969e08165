import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { namesAt, statsAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('the stats of a path are those of a link itself, and undefined for an impossible path', async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, 'file'), 'text');
  await symlink('nowhere', join(dir.path, 'link'));
  expect(statsAt(join(dir.path, 'file'))?.size).toBe(4);
  expect(statsAt(join(dir.path, 'link'))?.isSymbolicLink()).toBe(true);
  expect(statsAt(join(dir.path, 'missing'))).toBeUndefined();
  expect(statsAt(join(dir.path, 'file/below'))).toBeUndefined();
});

test('the names in a folder are listed, and an empty folder is distinguished from a missing one', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'empty'));
  await writeFile(join(dir.path, 'file'), '');
  await symlink('circle', join(dir.path, 'circle'));
  expect(namesAt(dir.path)?.sort()).toEqual(['circle', 'empty', 'file']);
  expect(namesAt(join(dir.path, 'empty'))).toEqual([]);
  expect(namesAt(join(dir.path, 'missing'))).toBeUndefined();
  expect(namesAt(join(dir.path, 'file'))).toBeUndefined();
  expect(namesAt(join(dir.path, 'circle'))).toBeUndefined();
});
