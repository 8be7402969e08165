import { mkdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pathInside, realPathAsFar } from '../../../../src/core/project/git/real-path.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('the existing part of a path has its links resolved', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'real'));
  await symlink(join(dir.path, 'real'), join(dir.path, 'link'));
  expect(await realPathAsFar(join(dir.path, 'link/new/deep'))).toBe(join(dir.path, 'real/new/deep'));
  expect(await realPathAsFar(join(dir.path, 'link'))).toBe(await realpath(join(dir.path, 'real')));
});

test.each([
  ['/a', '/a', ''],
  ['/a', '/a/b/c', 'b/c'],
  ['/a', '/a/..b', '..b'],
  ['/a', '/ab', undefined],
  ['/a/b', '/a', undefined],
])('seen from %s, the path of %s is %s', (folder, path, way) => {
  expect(pathInside(folder, path)).toBe(way);
});
