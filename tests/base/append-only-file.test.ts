import { execFileSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AppendOnlyFile } from '../../src/base/files/append-only-file.ts';
import { fullDisk } from '../support/failing-disk.ts';
import { tempDir } from '../support/temp-dir.ts';

const freely = async () => {};

/** A file of one writer that holds `one\ntwo\n`. */
async function guarded() {
  const dir = await tempDir('samocode-append-');
  const path = join(dir.path, 'inner', 'log');
  await mkdir(join(dir.path, 'inner'));
  await writeFile(path, 'one\n');
  const file = await AppendOnlyFile.open(path, 4, freely);
  await file.append(Buffer.from('two\n'));
  return {
    path,
    file,
    dir: dir.path,
    text: () => readFile(path, 'utf8'),
    async [Symbol.asyncDispose]() {
      file[Symbol.dispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

test.each<[string, (path: string) => Promise<unknown>, string]>([
  ['appended to', (path) => appendFile(path, 'forged\n'), 'appended'],
  ['appended to by half a line', (path) => appendFile(path, 'for'), 'appended'],
  ['deleted', (path) => rm(path), 'replaced'],
  ['moved away', (path) => rename(path, `${path}.old`), 'replaced'],
  [
    'replaced by a copy',
    async (path) => {
      await rename(path, `${path}.old`);
      await writeFile(path, 'one\ntwo\n');
    },
    'replaced',
  ],
  [
    'replaced by a link to itself',
    async (path) => {
      await rename(path, `${path}.old`);
      await symlink(`${path}.old`, path);
    },
    'replaced',
  ],
  [
    'replaced by a folder',
    async (path) => {
      await rm(path);
      await mkdir(join(path, 'deep'), { recursive: true });
    },
    'replaced',
  ],
  ['deleted with its folder', (path) => rm(join(path, '..'), { recursive: true }), 'replaced'],
])('a file that was %s is put back, told, and goes on', async (_, harm, what) => {
  await using it = await guarded();
  await harm(it.path);
  expect(await it.file.look()).toMatchObject({ what });
  expect(await it.text()).toBe('one\ntwo\n');
  expect(await it.file.look()).toBeUndefined();
  await it.file.append(Buffer.from('three\n'));
  expect(await it.text()).toBe('one\ntwo\nthree\n');
});

test.each<[string, (path: string) => Promise<unknown>]>([
  ['truncated', (path) => truncate(path, 4)],
  ['emptied', (path) => truncate(path, 0)],
  ['rewritten in place', (path) => writeFile(path, 'ONE\ntwo\n')],
  ['rewritten and made longer', (path) => writeFile(path, 'ONE\ntwo\nmore\n')],
  [
    'rewritten and replaced by what it was',
    async (path) => {
      await writeFile(path, 'ONE\ntwo\n');
      await rename(path, `${path}.old`);
      await writeFile(path, 'one\ntwo\n');
    },
  ],
])('a file that was %s takes nothing more', async (_, harm) => {
  await using it = await guarded();
  await harm(it.path);
  await expect(it.file.look()).rejects.toMatchObject({ code: 'file_rewritten' });
  await expect(it.file.look()).rejects.toMatchObject({ code: 'file_rewritten' });
});

test('the print of a file is that of its bytes, by whomever it was opened', async () => {
  await using it = await guarded();
  using other = await AppendOnlyFile.open(it.path, 8, freely);
  expect(other.print).toBe(it.file.print);
  expect(other.printOf(8)).toBe(it.file.print);
  expect(other.printOf(4)).not.toBe(it.file.print);
});

test('a file that was only touched is told to be in order', async () => {
  await using it = await guarded();
  await utimes(it.path, 1, 1);
  expect(await it.file.look()).toBeUndefined();
  expect(await it.file.look()).toBeUndefined();
});

test('nothing is changed when the guard says no', async () => {
  await using it = await guarded();
  let may = true;
  const file = await AppendOnlyFile.open(it.path, 8, async () => {
    if (!may) throw new Error('no');
  });
  may = false;
  await expect(file.append(Buffer.from('x\n'))).rejects.toThrow('no');
  await appendFile(it.path, 'of the new owner\n');
  await expect(file.look()).rejects.toThrow('no');
  expect(await it.text()).toBe('one\ntwo\nof the new owner\n');
  file[Symbol.dispose]();
});

test.each([0, 1, 3, 5])('a disk that takes %i bytes of a line leaves no half of it', async (bytes) => {
  await using it = await guarded();
  {
    using _full = fullDisk({ atWrite: 1, bytes });
    await expect(it.file.append(Buffer.from('three\n'))).rejects.toThrow('ENOSPC');
    expect(await it.text()).toBe('one\ntwo\n');
  }
  expect(await it.file.look()).toBeUndefined();
  await it.file.append(Buffer.from('three\n'));
  expect(await it.text()).toBe('one\ntwo\nthree\n');
});

test('a half line that could not be cut off at once is cut before the next write', async () => {
  await using it = await guarded();
  const writer = await AppendOnlyFile.open(it.path, 8, freely);
  let asked = 0;
  const halting = await AppendOnlyFile.open(it.path, 8, async () => {
    asked += 1;
    // 1: on opening. 2: before the write. 3: before the cut that follows the failure.
    if (asked === 3) throw new Error('EIO');
  });
  {
    using _full = fullDisk({ atWrite: 1, bytes: 2 });
    await expect(halting.append(Buffer.from('three\n'))).rejects.toThrow('ENOSPC');
  }
  expect(await it.text()).toBe('one\ntwo\nth');
  await halting.append(Buffer.from('three\n'));
  expect(await it.text()).toBe('one\ntwo\nthree\n');
  writer[Symbol.dispose]();
  halting[Symbol.dispose]();
});

test('a file is cut to the size that its opener believes in', async () => {
  await using it = await guarded();
  using _shorter = await AppendOnlyFile.open(it.path, 4, freely);
  expect(await it.text()).toBe('one\n');
});

test('a pipe under the name is taken away, not waited for', async () => {
  await using it = await guarded();
  const pipe = join(it.dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  using file = await AppendOnlyFile.open(pipe, 0, freely);
  await file.append(Buffer.from('x\n'));
  expect(await readFile(pipe, 'utf8')).toBe('x\n');
});
