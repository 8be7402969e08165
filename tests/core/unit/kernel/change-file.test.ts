import { writeFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changeFile } from '../../../../src/core/kernel/files/change-file.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a change keeps all other bytes of a file, whatever they are', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
      await writeFile(path, bytes);
      await changeFile(path, (text) => `${text}\nA line of ours\n`);
      expect(await readFile(path)).toEqual(Buffer.concat([bytes, Buffer.from('\nA line of ours\n')]));
    }),
    { numRuns: 100 },
  );
});

test('characters beyond latin1 are written as UTF-8, even into a file that is not UTF-8', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, Buffer.from([0xe4, 0x0a]));
  await changeFile(path, (text) => `${text}🙂\n`);
  expect(await readFile(path)).toEqual(Buffer.concat([Buffer.from([0xe4, 0x0a]), Buffer.from('🙂\n')]));
});

test('a concurrent edit is kept: the change is applied again', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, 'one\n');
  const seen: (string | undefined)[] = [];
  await changeFile(path, (text) => {
    seen.push(text);
    if (seen.length === 1) writeFileSync(path, 'one\na person was here\n');
    return `${text}ours\n`;
  });
  expect(seen).toEqual(['one\n', 'one\na person was here\n']);
  expect(await readFile(path, 'utf8')).toBe('one\na person was here\nours\n');
});

test('a file that appeared in the meantime is not overwritten unread', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  let asked = 0;
  await changeFile(path, (text) => {
    asked += 1;
    if (asked === 1) writeFileSync(path, 'a person was first\n');
    return `${text ?? ''}ours\n`;
  });
  expect(await readFile(path, 'utf8')).toBe('a person was first\nours\n');
});

test('a change without effect writes nothing', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, 'one\n');
  const { ino } = await stat(path);
  expect(await changeFile(path, (text) => text ?? '')).toBe('one\n');
  expect((await stat(path)).ino).toBe(ino);
});

test('the mode of a file is kept', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, 'one\n');
  await chmod(path, 0o600);
  await changeFile(path, () => 'two\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a link is replaced by a file, and its target is neither read nor written', async () => {
  await using dir = await tempDir();
  const [path, target] = [join(dir.path, 'link'), join(dir.path, 'target')];
  await writeFile(target, 'secret\n');
  await symlink(target, path);
  expect(await changeFile(path, (text) => text ?? 'fresh\n')).toBe('fresh\n');
  expect(await readFile(target, 'utf8')).toBe('secret\n');
});

test('a change that throws does not touch the file', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, 'one\n');
  const change = () => {
    throw new Error('no');
  };
  await expect(changeFile(path, change)).rejects.toThrow('no');
  expect(await readFile(path, 'utf8')).toBe('one\n');
});

test('a folder in place of the file is moved aside with its content', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'file', 'deep'), { recursive: true });
  expect(await changeFile(join(dir.path, 'file'), () => 'x')).toBe('x');
  const aside = (await readdir(dir.path)).filter((name) => name !== 'file');
  expect(await readdir(join(dir.path, aside[0] ?? ''))).toEqual(['deep']);
});
