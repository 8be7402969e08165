import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendLines, ensurePlainFolder } from '../../../../src/core/kernel/files/append-lines.ts';
import { parseJson } from '../../../../src/core/kernel/parse-json.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('lines are appended, and a missing file is created', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  appendLines(path, 'one\n');
  appendLines(path, 'two\nthree\n');
  appendLines(path, '');
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\nthree\n');
});

test('half a line left by a crash is terminated before the next one', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await writeFile(path, 'one\ntw');
  appendLines(path, 'three\n');
  expect(await readFile(path, 'utf8')).toBe('one\ntw\nthree\n');
});

test('a partial write to a full disk is reported, and the next line is not joined to it', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  {
    using _full = fullDisk({ atWrite: 1, bytes: 2 });
    expect(() => appendLines(path, 'one\n')).toThrow('ENOSPC');
  }
  appendLines(path, 'two\n');
  expect(await readFile(path, 'utf8')).toBe('on\ntwo\n');
});

test('half a line is cut off whole, however long it is', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await writeFile(path, `"one"\n"${'x'.repeat(600_000)}`);
  appendLines(path, '"two"\n', (line) => parseJson(line) !== undefined);
  expect(await readFile(path, 'utf8')).toBe('"one"\n"two"\n');
});

test('a link, folder or pipe at the path is removed, and its target is not touched', async () => {
  await using dir = await tempDir();
  const victim = join(dir.path, 'victim');
  await writeFile(victim, 'mine\n');
  const [link, folder, pipe] = ['link', 'folder', 'pipe'].map((name) => join(dir.path, name)) as [
    string,
    string,
    string,
  ];
  await symlink(victim, link);
  await mkdir(join(folder, 'deep'), { recursive: true });
  execFileSync('mkfifo', [pipe]);
  for (const path of [link, folder, pipe]) {
    appendLines(path, 'x\n');
    expect(await readFile(path, 'utf8')).toBe('x\n');
  }
  expect(await readFile(victim, 'utf8')).toBe('mine\n');
});

test('an existing folder is kept, and anything else at its path is replaced by a folder', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'folder');
  expect(ensurePlainFolder(path)).toBe(false);
  expect(ensurePlainFolder(path)).toBe(false);
  await writeFile(join(path, 'kept'), '');
  await symlink(path, join(dir.path, 'link'));
  expect(ensurePlainFolder(join(dir.path, 'link'))).toBe(true);
  expect(await readFile(join(path, 'kept'), 'utf8')).toBe('');
});
