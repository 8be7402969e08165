import fs, { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { changeFile } from '../../../../src/core/kernel/files/change-file.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const { writeSync } = fs;

afterEach(() => {
  Object.assign(fs, { writeSync });
  syncBuiltinESMExports();
});

/** Runs a function once, immediately before the draft is written. */
function beforeDraft(act: () => void) {
  Object.assign(fs, {
    writeSync: (...args: Parameters<typeof writeSync>) => {
      Object.assign(fs, { writeSync });
      syncBuiltinESMExports();
      act();
      return writeSync(...args);
    },
  });
  syncBuiltinESMExports();
}

const ours = (text = '') => `${text}ours ${text.length}\n`;

test.each([
  ['a line that was appended', (path: string) => appendFileSync(path, 'added\n'), 'one\nadded\nours 10\n'],
  ['a rewritten text', (path: string) => writeFileSync(path, 'two\n2\n'), 'two\n2\nours 6\n'],
  [
    'a file that replaced it',
    (path: string) => {
      writeFileSync(`${path}.new`, 'two\n');
      renameSync(`${path}.new`, path);
    },
    'two\nours 4\n',
  ],
])('%s while the draft was written is kept', async (_, edit, expected) => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, 'one\n');
  beforeDraft(() => edit(path));
  expect(await changeFile(path, ours)).toBe(expected);
  expect(await readFile(path, 'utf8')).toBe(expected);
  expect(await readdir(dir.path)).toEqual(['file']);
});
