import { execFileSync } from 'node:child_process';
import { appendFileSync, statSync, writeFileSync } from 'node:fs';
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
import { BASE_ERRORS } from '../../../../src/core/kernel/base-errors.ts';
import { appendLines, ensurePlainFolder } from '../../../../src/core/kernel/files/append-lines.ts';
import { AppendOnlyFile } from '../../../../src/core/kernel/files/append-only-file.ts';
import { parseJson } from '../../../../src/core/kernel/parse-json.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const freely = async () => {};
const REWRITTEN = BASE_ERRORS.file_rewritten({ path: '' }).why;

/**
 * A file of one writer, with the content `one
 * two
 * `.
 */
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

test.each(['forged\n', 'for'])('bytes appended by others, %j, are detected and never count', async (text) => {
  await using it = await guarded();
  await appendFile(it.path, text);
  expect(it.file.hasMore()).toBe(true);
  expect(it.file.foreignBytes).toBe(0);
  await it.file.append(Buffer.from('three\n'));
  expect(await it.text()).toBe('one\ntwo\nthree\n');
  expect(it.file.foreignBytes).toBe(text.length);
  expect(it.file.hasMore()).toBe(false);
});

test('bytes that another program appends while ours are on their way to the disk come after them', async () => {
  await using it = await guarded();
  const before = statSync(it.path).size;
  const written = it.file.append(Buffer.from('three\n'));
  // The sync ends in a later turn of the event loop.
  while (statSync(it.path).size === before) await Promise.resolve();
  appendFileSync(it.path, 'forged\n');
  await written;
  expect(it.file.hasMore()).toBe(true);
  await it.file.append(Buffer.from('four\n'));
  expect(await it.text()).toBe('one\ntwo\nthree\nfour\n');
  expect(it.file.foreignBytes).toBe('forged\n'.length);
});

test('a file that is rewritten while our bytes are on their way to the disk is no longer written', async () => {
  await using it = await guarded();
  const before = statSync(it.path).size;
  const written = it.file.append(Buffer.from('three\n'));
  while (statSync(it.path).size === before) await Promise.resolve();
  writeFileSync(it.path, 'one\ntwo\nforged\n');
  await expect(written).rejects.toEqual(expect.objectContaining({ code: 'file_rewritten' }));
});

/** Each is visible at the next write, from the path or the number of bytes. */
const VANISHED: [string, (path: string) => Promise<unknown>][] = [
  ['deleted', (path) => rm(path)],
  ['moved away', (path) => rename(path, `${path}.old`)],
  [
    'replaced by a copy',
    async (path) => {
      await rename(path, `${path}.old`);
      await writeFile(path, 'one\ntwo\n');
    },
  ],
  [
    'replaced by a link to itself',
    async (path) => {
      await rename(path, `${path}.old`);
      await symlink(`${path}.old`, path);
    },
  ],
  [
    'replaced by a folder',
    async (path) => {
      await rm(path);
      await mkdir(join(path, 'deep'), { recursive: true });
    },
  ],
  ['deleted with its folder', (path) => rm(join(path, '..'), { recursive: true })],
  ['truncated', (path) => truncate(path, 4)],
  ['emptied', (path) => truncate(path, 0)],
  [
    'rewritten, then replaced with its old content',
    async (path) => {
      await writeFile(path, 'ONE\ntwo\n');
      await rename(path, `${path}.old`);
      await writeFile(path, 'one\ntwo\n');
    },
  ],
];

test.each<[string, (path: string) => Promise<unknown>]>([
  ...VANISHED,
  ['rewritten in place', (path) => writeFile(path, 'ONE\ntwo\n')],
  ['rewritten and made longer', (path) => writeFile(path, 'ONE\ntwo\nmore\n')],
])('a file that was %s is recognized as another one when it is read', async (_, harm) => {
  await using it = await guarded();
  await harm(it.path);
  expect(() => it.file.hasMore()).toThrow(REWRITTEN);
  expect(() => it.file.hasMore()).toThrow(REWRITTEN);
});

test.each(VANISHED)('a file that was %s is no longer written', async (_, harm) => {
  await using it = await guarded();
  await harm(it.path);
  const rewritten = expect.objectContaining({ code: 'file_rewritten' });
  await expect(it.file.append(Buffer.from('three\n'))).rejects.toEqual(rewritten);
  await expect(it.file.append(Buffer.from('three\n'))).rejects.toEqual(rewritten);
});

test("an owner that lost the right to write does not report the new owner's bytes as damage", async () => {
  await using it = await guarded();
  let asked = 0;
  using old = await AppendOnlyFile.open(it.path, 8, async () => {
    asked += 1;
    // 1: on opening. 2: before the write. 3: after it.
    if (asked === 2) await rm(it.path);
    if (asked === 3) throw new Error('no');
  });
  await expect(old.append(Buffer.from('late\n'))).rejects.toThrow('no');
});

test('the fingerprint of a file depends only on its bytes, not on who opened it', async () => {
  await using it = await guarded();
  using other = await AppendOnlyFile.open(it.path, 8, freely);
  expect(other.print).toBe(it.file.print);
  expect(other.printOf(8)).toBe(it.file.print);
  expect(other.printOf(4)).not.toBe(it.file.print);
});

test('a file that was only touched is intact', async () => {
  await using it = await guarded();
  await utimes(it.path, 1, 1);
  expect(it.file.hasMore()).toBe(false);
});

test('nothing is changed if the guard refuses', async () => {
  await using it = await guarded();
  let may = true;
  const file = await AppendOnlyFile.open(it.path, 8, async () => {
    if (!may) throw new Error('no');
  });
  may = false;
  await expect(file.append(Buffer.from('x\n'))).rejects.toThrow('no');
  await appendFile(it.path, 'of the new owner\n');
  expect(await it.text()).toBe('one\ntwo\nof the new owner\n');
  file[Symbol.dispose]();
});

test.each([0, 1, 3, 5])('a disk that takes %i bytes of a line keeps no part of it', async (bytes) => {
  await using it = await guarded();
  {
    using _full = fullDisk({ atWrite: 1, bytes });
    await expect(it.file.append(Buffer.from('three\n'))).rejects.toThrow('ENOSPC');
    expect(await it.text()).toBe('one\ntwo\n');
  }
  expect(it.file.hasMore()).toBe(false);
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

test('a file is truncated to the size given by its opener', async () => {
  await using it = await guarded();
  using _shorter = await AppendOnlyFile.open(it.path, 4, freely);
  expect(await it.text()).toBe('one\n');
});

test('a pipe at the path is removed without waiting', async () => {
  await using it = await guarded();
  const pipe = join(it.dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  using file = await AppendOnlyFile.open(pipe, 0, freely);
  await file.append(Buffer.from('x\n'));
  expect(await readFile(pipe, 'utf8')).toBe('x\n');
});

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
