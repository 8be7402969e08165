import { appendFile, open, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type TranscriptTail,
  transcriptTail,
} from '../../../../../src/core/acts/reading/read-transcript.act.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const MEGABYTE = 1024 * 1024;
const ASKED = { provider: 'claude', maxBytes: 2000, maxEntries: 5 };

const line = (text: string) =>
  `${JSON.stringify({ type: 'assistant', message: { content: [{ type: 'text', text }] } })}\n`;

async function scene() {
  const dir = await tempDir('samocode-tail-');
  const log = join(dir.path, 'agent.jsonl');
  await writeFile(log, line('one') + line('two'));
  let tail: TranscriptTail | undefined;
  return {
    log,
    /** Reads on. @returns the texts */
    async read() {
      tail = await transcriptTail(log, ASKED, tail);
      return tail.entries.map(({ text }) => text);
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('of a transcript that grows only the new part is read, and its newest entries are kept', async () => {
  await using tail = await scene();
  expect(await tail.read()).toEqual(['one', 'two']);
  // The same bytes would not be parsed again.
  const file = await open(tail.log, 'r+');
  await file.write('x'.repeat(line('one').length - 1), 0);
  await file.close();
  await appendFile(tail.log, line('three') + line('four').slice(0, 20));
  expect(await tail.read()).toEqual(['one', 'two', 'three']);
  await appendFile(tail.log, line('four').slice(20) + line('five') + line('six'));
  expect(await tail.read()).toEqual(['two', 'three', 'four', 'five', 'six']);
  expect(await tail.read()).toEqual(['two', 'three', 'four', 'five', 'six']);
});

test('of a transcript that grows by more than is shown only the end is read', async () => {
  await using tail = await scene();
  await tail.read();
  await appendFile(tail.log, line('early').repeat(100) + line('late'));
  expect(await tail.read()).toEqual(['early', 'early', 'early', 'early', 'late']);
});

test('while a long line is written the entries before it stay', async () => {
  await using tail = await scene();
  await tail.read();
  const long = 'long'.repeat(600);
  await appendFile(tail.log, line(long).slice(0, -1));
  expect(await tail.read()).toEqual(['one', 'two']);
  await appendFile(tail.log, '\n');
  expect(await tail.read()).toEqual([long]);
});

test('a log that was replaced or shortened is read anew, and one that is missing shows nothing', async () => {
  await using tail = await scene();
  await tail.read();
  await writeFile(`${tail.log}.new`, line('another'));
  await rename(`${tail.log}.new`, tail.log);
  expect(await tail.read()).toEqual(['another']);
  await truncate(tail.log, 0);
  expect(await tail.read()).toEqual([]);
  await rename(tail.log, `${tail.log}.old`);
  expect(await tail.read()).toEqual([]);
  await writeFile(tail.log, line('back'));
  expect(await tail.read()).toEqual(['back']);
});

test('of a line that is too long to be read whole each reading shows the end', async () => {
  await using tail = await scene();
  await truncate(tail.log, 5 * MEGABYTE);
  for (const end of ['first', 'second']) {
    await appendFile(tail.log, `the ${end} words`);
    const [note, text, ...more] = await tail.read();
    expect([note, text?.endsWith(`the ${end} words`), more]).toEqual([
      expect.stringContaining('more than 4 MB'),
      true,
      [],
    ]);
  }
});
