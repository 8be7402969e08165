// @module-tag ci
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../../../src/core/kernel/files/make-folder.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const mounts = test.runIf(process.platform === 'linux' && process.getuid?.() === 0);

mounts.each([
  ['has no inode left', 'nr_inodes=1', 'ENOSPC'],
  ['is read-only', 'ro', 'EROFS'],
])('a disk that %s says so, however many folders are missing', async (_, options, code) => {
  await using dir = await tempDir();
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir.path]);
  try {
    expect(makeFolder(dir.path)).toBeUndefined();
    for (const path of ['a', 'a/b', 'a/b/c'])
      expect(() => makeFolder(join(dir.path, path))).toThrow(
        expect.objectContaining({ code, syscall: 'mkdir', path: join(dir.path, 'a') }),
      );
  } finally {
    spawnSync('umount', ['--lazy', dir.path]);
  }
});

test('the uppermost folder that was missing is returned, and each is made with the mode', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'a/b');
  expect(makeFolder(path, 0o700)).toBe(join(dir.path, 'a'));
  for (const each of [path, join(dir.path, 'a')]) expect((await stat(each)).mode & 0o777).toBe(0o700);
  expect(makeFolder(path)).toBeUndefined();
  expect(makeFolder(join(path, 'c'))).toBe(join(path, 'c'));
});

test('a link to a folder is a folder; a file in its place, and a link to nothing, are refused', async () => {
  await using dir = await tempDir();
  const at = (name: string) => join(dir.path, name);
  await mkdir(at('folder'));
  await symlink(at('folder'), at('link'));
  await symlink(at('nothing'), at('dangling'));
  await writeFile(at('file'), '');
  expect(makeFolder(at('link/a'))).toBe(at('link/a'));
  const codes = ['file', 'file/a', 'dangling', 'dangling/a'].map((name) => {
    try {
      return makeFolder(at(name));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  });
  expect(codes).toEqual(['EEXIST', 'ENOTDIR', 'EEXIST', 'EEXIST']);
});
