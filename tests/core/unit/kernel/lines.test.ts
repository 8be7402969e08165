import { execFileSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  LineSplitter,
  lineStart,
  linesFrom,
  openEnd,
  readBoundedText,
  readTail,
} from '../../../../src/core/kernel/files/lines.ts';
import { openPlainFile } from '../../../../src/core/kernel/files/plain-file.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a text within the limit is read whole', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'a.md');
  await writeFile(path, 'one\ntwo');
  expect(readBoundedText(path, { maxBytes: 7, keep: 'end' })).toEqual({
    kind: 'text',
    text: 'one\ntwo',
    omittedBytes: 0,
  });
});

test('of a larger text whole lines are read, and the omitted bytes are counted', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'a.md');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 9 })),
      fc.nat(40),
      async (parts, max) => {
        const whole = parts.map((part) => `${part.replaceAll('\n', '')}\n`).join('');
        await writeFile(path, whole);
        for (const keep of ['start', 'end'] as const) {
          const reading = readBoundedText(path, { maxBytes: max, keep });
          const text = reading.kind === 'text' ? reading.text : undefined;
          expect(keep === 'start' ? whole.startsWith(text ?? '?') : whole.endsWith(text ?? '?')).toBe(true);
          expect(text === '' || text?.endsWith('\n')).toBe(true);
          const bytes = Buffer.byteLength(text ?? '');
          expect(bytes).toBeLessThanOrEqual(max);
          expect(reading).toMatchObject({ omittedBytes: Buffer.byteLength(whole) - bytes });
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the end of a gigabyte is read as fast as a small file', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'giant.log');
  const handle = await open(path, 'w');
  await handle.truncate(1024 ** 3);
  await handle.write('\nthe last line\n', 1024 ** 3);
  await handle.close();
  expect(readBoundedText(path, { maxBytes: 1000, keep: 'end' })).toEqual({
    kind: 'text',
    text: 'the last line\n',
    omittedBytes: 1024 ** 3 + 1,
  });
});

test('anything but a plain file is reported', async () => {
  await using dir = await tempDir();
  await symlink('/etc/passwd', join(dir.path, 'link'));
  const bound = { maxBytes: 10, keep: 'start' } as const;
  expect(readBoundedText(join(dir.path, 'link'), bound)).toMatchObject({ kind: 'unusable' });
  expect(readBoundedText(join(dir.path, 'none'), bound)).toEqual({ kind: 'missing' });
});

test('the tail of a file is its last bytes, and the tail of anything else is empty', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await writeFile(path, 'one\ntwo\n');
  await symlink(path, join(dir.path, 'link'));
  execFileSync('mkfifo', [join(dir.path, 'pipe')]);
  expect(readTail(path, 4)).toBe('two\n');
  expect(readTail(path, 400)).toBe('one\ntwo\n');
  for (const other of ['link', 'pipe', 'missing', 'log/below', '.']) {
    expect(readTail(join(dir.path, other), 100)).toBe('');
  }
});

/** The lines of a text that is read in pieces of a few bytes; `undefined` for one that is too long. */
function cut(text: string, pieceBytes: number, maxLineBytes: number): (string | undefined)[] {
  const bytes = Buffer.from(text);
  const lines = new LineSplitter({ maxLineBytes });
  const found: (string | undefined)[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    for (const line of lines.take(bytes.subarray(at, at + pieceBytes)))
      found.push(line.bytes?.toString('utf8'));
  for (const line of lines.end()) found.push(line.bytes?.toString('utf8'));
  return found;
}

test('a text has the same lines however it is split into pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'ä', '\n'), maxLength: 9 })),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(8),
      (parts, pieceBytes, max) => {
        const text = parts.join('');
        const lines = text.split('\n');
        if (lines.at(-1) === '') lines.pop();
        const expected = lines.map((line) => (Buffer.byteLength(line) > max ? undefined : line));
        expect(cut(text, pieceBytes, max)).toEqual(expected);
      },
    ),
  );
});

test('lines are read from an offset, and the last one without LF on request', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await writeFile(path, 'one\ntwo\nhal');
  const opened = openPlainFile(path);
  if (opened.kind !== 'opened') throw new Error(path);
  const { descriptor } = opened;
  const read = (toEnd: boolean) =>
    [...linesFrom(descriptor, 4, { toEnd })].map(({ text, end }) => [text, end]);
  expect(read(false)).toEqual([['two', 8]]);
  expect(read(true)).toEqual([
    ['two', 8],
    ['hal', 11],
  ]);
  expect([0, 3, 4, 6, 8, 11].map((position) => lineStart(descriptor, position))).toEqual([0, 0, 4, 4, 8, 8]);
  expect(openEnd(descriptor, 100)).toEqual({ begin: 8, bytes: Buffer.from('hal') });
  closeSync(descriptor);
});
