import { execFileSync } from 'node:child_process';
import { stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileIdentity } from '../../../../src/core/kernel/files/fingerprint.ts';
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
