import { execFileSync } from 'node:child_process';
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileIdentity } from '../../../../src/core/kernel/files/fingerprint.ts';
import { namesAt, statsAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { readPlainFile } from '../../../../src/core/kernel/files/plain-file.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a file is read with its identity', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, 'text');
  const reading = await readPlainFile(path, 4);
  const identity = fileIdentity(await stat(path));
  expect(reading).toEqual({ kind: 'bytes', bytes: Buffer.from('text'), identity });
  await writeFile(path, 'Text');
  expect(await readPlainFile(path, 4)).not.toEqual(reading);
});

test('a link, folder, pipe or huge file is reported, and neither followed nor waited for', async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, 'giant'), '12345');
  await symlink(join(dir.path, 'giant'), join(dir.path, 'link'));
  execFileSync('mkfifo', [join(dir.path, 'pipe')]);
  for (const name of ['giant', 'link', 'pipe', '.']) {
    expect(await readPlainFile(join(dir.path, name), 4)).toMatchObject({ kind: 'unusable' });
  }
});

test('reading a file that never ends stops', async () => {
  // Its reported size is 0, like that of a file which grows faster than it is read.
  expect(await readPlainFile('/proc/self/environ', 4)).toMatchObject({ kind: 'unusable' });
  expect(await readPlainFile('/proc/self/stat', 100_000)).toMatchObject({ kind: 'bytes' });
});

test('a file that does not exist, or is below a file, is missing', async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, 'file'), '');
  expect(await readPlainFile(join(dir.path, 'none'), 4)).toEqual({ kind: 'missing' });
  expect(await readPlainFile(join(dir.path, 'file', 'below'), 4)).toEqual({ kind: 'missing' });
  expect(await readPlainFile(join(dir.path, 'file'), 4)).toMatchObject({
    kind: 'bytes',
    bytes: Buffer.from(''),
  });
});

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
