import { appendFile, open, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatChanges, type SessionChanges } from '../../../../../src/core/acts/reading/read-changes.act.ts';
import {
  type TranscriptTail,
  transcriptTail,
} from '../../../../../src/core/acts/reading/read-transcript.act.ts';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';
import { tempDir } from '../../../../support/temp-dir.ts';
import { CREATED, DONE, PREPARED } from '../../session/events.ts';

const CHANGES = {
  since: 'main',
  commits: { commits: [], total: 0 },
  stat: { files: [], fileCount: 0, insertions: 0, deletions: 0 },
  uncommitted: [],
  outsidePlan: [],
};

const formatted = (more: object) => formatChanges({ ...CHANGES, ...more } as unknown as SessionChanges);

test('a diff that is cut says so at its end, and a whole one is as git wrote it', () => {
  expect(formatted({ patch: { text: '+a\n', truncated: false } })).toBe('+a\n');
  expect(formatted({ patch: { text: '+a', truncated: true } })).toMatch(/^\+a\n\[The diff is cut here/);
});

test('marks that are missing because the list behind them is cut are mentioned', () => {
  const outsidePlan = Array.from({ length: 100 }, (_, at) => `${at}.txt`);
  expect(formatted({ outsidePlan })).toContain('(100 files at most are marked as not in the plan)');
  expect(formatted({ outsidePlan: outsidePlan.slice(1) })).not.toContain('at most');
});

test('a wait for several sessions ends when one of them ends, under any of its names', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const over = await typed(['wait', 'boa', '--json'], place);
  expect(over.exitCode).toBe(0);
  expect(JSON.parse(over.stdout)).toMatchObject({ session: '26-01-08-boat', state: 'done', changed: true });
  const late = await typed(['wait', '26-01-08-boat', 'boat', '--until', 'done', '--timeout', '1'], place);
  expect(late.exitCode).toBe(0);
  const none = await typed(['wait', 'tent'], place);
  expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('There is no session "tent".') });
});

test('without a terminal, archive only shows a preview, and its exit status says that a person is needed', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  // A printed command must not refer to another session.
  await serverRig.addSession('26-01-09-boat', [CREATED, PREPARED, DONE]);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const shown = await typed(['archive', '26-01-08-boat'], place);
  expect(shown).toMatchObject({
    exitCode: 4,
    stdout: expect.stringContaining('samocode archive 26-01-08-boat --yes'),
  });
  const refused = await typed(['archive', 'boa'], { ...place, says: ['n'] });
  expect(refused.stdout).toContain('Nothing was done.');
  const unasked = await typed(['archive', 'boa', '--yes'], place);
  expect(unasked).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Give the full name: 26-01-09-boat.'),
  });
  const { state, archived } = JSON.parse((await typed(['status', 'boat', '--json'], place)).stdout);
  expect([state, archived]).toEqual(['done', undefined]);
});

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
