import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Provider } from '../../src/providers/provider.ts';
import { rehearsal } from '../../src/providers/rehearsal.ts';
import { ChildLog } from '../../src/worker/child-log.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A reader that remembers the lines it was given. */
function listening(lines: string[]): Provider {
  return {
    ...rehearsal,
    newReader: () => ({
      readLine(line: string) {
        lines.push(line);
        return [];
      },
    }),
  };
}

test('lines that begin like an object are read whole, wherever they were cut; others are passed over', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const lines: string[] = [];
  using log = new ChildLog(path, listening(lines));
  log.readOn();
  await writeFile(path, 'plain words\n{"a":1}\n  {"b"');
  log.readOn();
  await appendFile(path, ':"ä"}\nmore words\n\n{"c":3}');
  log.readToEnd();
  expect(lines.filter((line) => line.trim() !== '')).toEqual(['{"a":1}', '  {"b":"ä"}', '{"c":3}']);
});

test('a line of several pieces is one line', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const lines: string[] = [];
  const long = JSON.stringify({ text: 'x'.repeat(700_000) });
  await writeFile(path, `${long}\n{"after":1}\n`);
  using log = new ChildLog(path, listening(lines));
  log.readToEnd();
  expect(lines).toEqual([long, '{"after":1}']);
});
