import fs from 'node:fs';
import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeDrafts, syncFolder, writeWhole } from '../../../../src/core/kernel/files/atomic-file.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a file is replaced by another one, never written in place', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, 'old');
  await link(path, join(dir.path, 'other-name'));
  await writeWhole(path, 'new', { mode: 0o600 });
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readFile(join(dir.path, 'other-name'), 'utf8')).toBe('old');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a link at the path is replaced, and its target is not touched', async () => {
  await using dir = await tempDir();
  const [path, target] = [join(dir.path, 'link'), join(dir.path, 'target')];
  await writeFile(target, 'mine');
  await symlink(target, path);
  await writeWhole(path, 'ours');
  expect(await readFile(target, 'utf8')).toBe('mine');
  expect(await readFile(path, 'utf8')).toBe('ours');
});

test.each([0, 1, 4])('a disk that takes %i bytes leaves the old file and no draft', async (bytes) => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, 'old');
  {
    using _full = fullDisk({ atWrite: 1, bytes });
    await expect(writeWhole(path, 'new text')).rejects.toThrow('ENOSPC');
    await expect(writeWhole(join(dir.path, 'fresh'), 'new text', { exclusive: true })).rejects.toThrow(
      'ENOSPC',
    );
  }
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(dir.path)).toEqual(['file']);
});

test('a file that is written in small pieces is complete', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeWhole(path, new Uint8Array(3_000_000).fill(7));
  expect((await stat(path)).size).toBe(3_000_000);
});

test('of many processes that create one file exactly one succeeds, and its whole text is there', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(5000));
  const made = await Promise.all(texts.map((text) => writeWhole(path, text, { exclusive: true })));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect(await readFile(path, 'utf8')).toBe(texts[made.indexOf(true)]);
  expect(await readdir(dir.path)).toEqual(['file']);
});

test('a name taken by a folder cannot be created', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'file'));
  expect(await writeWhole(join(dir.path, 'file'), 'x', { exclusive: true })).toBe(false);
});

test('a missing folder throws the system error', async () => {
  await using dir = await tempDir();
  await expect(writeWhole(join(dir.path, 'no', 'file'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(writeWhole(join(dir.path, 'no', 'file'), 'x', { exclusive: true })).rejects.toMatchObject({
    code: 'ENOENT',
  });
  await expect(syncFolder(join(dir.path, 'no'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('drafts of killed writers are removed, and files with similar names are kept', async () => {
  await using dir = await tempDir();
  const others = ['.notes.draft', 'plan.draft', '.x.0123456789AB.draft', '_overview.md'];
  for (const name of [...others, '._overview.md.0123456789ab.draft']) {
    await writeFile(join(dir.path, name), '');
  }
  await mkdir(join(dir.path, '.folder.0123456789ab.draft'));
  removeDrafts(dir.path);
  removeDrafts(join(dir.path, 'no such folder'));
  expect((await readdir(dir.path)).sort()).toEqual([...others, '.folder.0123456789ab.draft'].sort());
});

/** Fails like exFAT and shared folders of virtual machines. */
function withoutHardLinks(code: string): Disposable {
  const { linkSync } = fs;
  fs.linkSync = (from, to) => {
    throw Object.assign(new Error(`${code}: link '${from}' -> '${to}'`), { code, path: from });
  };
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      fs.linkSync = linkSync;
      syncBuiltinESMExports();
    },
  };
}

test.each(['EPERM', 'ENOTSUP', 'ENOSYS'])(
  'a disk that answers a hard link with %s is named as the reason',
  async (code) => {
    await using dir = await tempDir();
    using _disk = withoutHardLinks(code);
    await expect(writeWhole(join(dir.path, 'x'), 'x', { exclusive: true })).rejects.toMatchObject({
      code: 'no_hard_links',
      why: expect.stringContaining(`The file system of ${dir.path} has no hard links`),
    });
    expect(await readdir(dir.path)).toEqual([]);
  },
);
