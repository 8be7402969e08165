import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendLines, ensurePlainFolder, readTail } from '../../src/base/append-lines.ts';
import { fullDisk } from '../support/failing-disk.ts';
import { tempDir } from '../support/temp-dir.ts';

test('lines are put behind those that are there, and the file is made when it is missing', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await appendLines(path, 'one\n');
  await appendLines(path, 'two\nthree\n');
  await appendLines(path, '');
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\nthree\n');
});

test('a half line that a crash left is ended before the next one', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await writeFile(path, 'one\ntw');
  await appendLines(path, 'three\n');
  expect(await readFile(path, 'utf8')).toBe('one\ntw\nthree\n');
});

test('a disk that takes only a part says so, and the next line begins on its own', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  {
    using _full = await fullDisk({ atWrite: 1, bytes: 2 });
    await expect(appendLines(path, 'one\n')).rejects.toThrow('ENOSPC');
  }
  await appendLines(path, 'two\n');
  expect(await readFile(path, 'utf8')).toBe('on\ntwo\n');
});

test('a link, folder or pipe under the name is taken away and its target left alone', async () => {
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
    await appendLines(path, 'x\n');
    expect(await readFile(path, 'utf8')).toBe('x\n');
  }
  expect(await readFile(victim, 'utf8')).toBe('mine\n');
});

test('the tail of a file is its last bytes; of anything but a file it is empty', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await writeFile(path, 'one\ntwo\n');
  await symlink(path, join(dir.path, 'link'));
  execFileSync('mkfifo', [join(dir.path, 'pipe')]);
  expect(await readTail(path, 4)).toBe('two\n');
  expect(await readTail(path, 400)).toBe('one\ntwo\n');
  for (const other of ['link', 'pipe', 'missing', 'log/below', '.']) {
    expect(await readTail(join(dir.path, other), 100)).toBe('');
  }
});

test('a folder stays, and whatever else has its name gives way to one', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'folder');
  expect(await ensurePlainFolder(path)).toBe(false);
  expect(await ensurePlainFolder(path)).toBe(false);
  await writeFile(join(path, 'kept'), '');
  await symlink(path, join(dir.path, 'link'));
  expect(await ensurePlainFolder(join(dir.path, 'link'))).toBe(true);
  expect(await readFile(join(path, 'kept'), 'utf8')).toBe('');
});
