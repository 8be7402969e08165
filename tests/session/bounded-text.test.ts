import { open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBoundedText } from '../../src/session/bounded-text.ts';
import { tempDir } from '../support/temp-dir.ts';

test('a text within the bound is whole', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'a.md');
  await writeFile(path, 'one\ntwo');
  expect(await readBoundedText(path, { maxBytes: 7, keep: 'end' })).toEqual({
    kind: 'text',
    text: 'one\ntwo',
    omittedBytes: 0,
  });
});

test('of a larger one whole lines are read, and what is left out is counted', async () => {
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
          const reading = await readBoundedText(path, { maxBytes: max, keep });
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

test('a gigabyte is as quick as its end', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'giant.log');
  const handle = await open(path, 'w');
  await handle.truncate(1024 ** 3);
  await handle.write('\nthe last line\n', 1024 ** 3);
  await handle.close();
  expect(await readBoundedText(path, { maxBytes: 1000, keep: 'end' })).toEqual({
    kind: 'text',
    text: 'the last line\n',
    omittedBytes: 1024 ** 3 + 1,
  });
});

test('what is no plain file is told', async () => {
  await using dir = await tempDir();
  await symlink('/etc/passwd', join(dir.path, 'link'));
  const bound = { maxBytes: 10, keep: 'start' } as const;
  expect(await readBoundedText(join(dir.path, 'link'), bound)).toMatchObject({ kind: 'unusable' });
  expect(await readBoundedText(join(dir.path, 'none'), bound)).toEqual({ kind: 'missing' });
});
