import { appendFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordSpent, spentFacts, spentOnDay } from '../../../../../src/core/session/waits/day-spent.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

// In the machine's time zone.
const EVENING = new Date(2026, 0, 8, 23, 59, 59).getTime();
const MORNING = new Date(2026, 0, 9, 0, 0, 1).getTime();

const iteration = (number: number, usd: number, session = 'S') => ({ session, iteration: number, usd });

async function days() {
  const dir = await tempDir();
  const path = join(dir.path, 'supervisor', 'spent');
  return { path, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test('a day without a record costs nothing', async () => {
  await using spent = await days();
  expect(await spentOnDay(spent.path, EVENING)).toEqual({ usd: 0 });
});

test('the cost of a day covers the iterations of all sessions', async () => {
  await using spent = await days();
  for (const one of [iteration(1, 0.25), iteration(2, 0.5), iteration(1, 1, 'T')])
    await recordSpent(spent.path, EVENING, one);
  expect(await spentOnDay(spent.path, EVENING)).toEqual({ usd: 1.75 });
});

test('an iteration that is recorded again counts once, with the last value', async () => {
  await using spent = await days();
  await recordSpent(spent.path, EVENING, iteration(1, 0.25));
  await recordSpent(spent.path, EVENING, iteration(1, 0.5));
  expect(await spentOnDay(spent.path, EVENING)).toEqual({ usd: 0.5 });
});

test('a day ends at midnight local time', async () => {
  await using spent = await days();
  await recordSpent(spent.path, EVENING, iteration(1, 0.25));
  expect(await spentOnDay(spent.path, MORNING)).toEqual({ usd: 0 });
  await recordSpent(spent.path, MORNING, iteration(2, 1));
  expect(await spentOnDay(spent.path, MORNING)).toEqual({ usd: 1 });
  expect(await spentOnDay(spent.path, EVENING)).toEqual({ usd: 0.25 });
  expect((await readdir(spent.path)).sort()).toEqual(['2026-01-08.jsonl', '2026-01-09.jsonl']);
});

test.each([
  ['not JSON', 'cut off: {"session":'],
  ['of another shape', '{"session":7,"iteration":"one"}'],
  ['not a number', '{"session":"S","iteration":9,"usd":null}'],
  ['negative', '{"session":"S","iteration":9,"usd":-5}'],
])('a line that is %s costs nothing, and the other lines still count', async (_what, line) => {
  await using spent = await days();
  await recordSpent(spent.path, EVENING, iteration(1, 0.25));
  await appendFile(join(spent.path, '2026-01-08.jsonl'), `${line}\n`);
  await recordSpent(spent.path, EVENING, iteration(2, 0.5));
  expect(await spentOnDay(spent.path, EVENING)).toEqual({ usd: 0.75 });
});

test('a line torn by a crash does not damage later lines', async () => {
  await using spent = await days();
  await recordSpent(spent.path, EVENING, iteration(1, 0.25));
  const path = join(spent.path, '2026-01-08.jsonl');
  await appendFile(path, '{"session":"S","iter');
  await recordSpent(spent.path, EVENING, iteration(3, 0.5));
  expect(await spentOnDay(spent.path, EVENING)).toEqual({ usd: 0.75 });
  expect(await readFile(path, 'utf8')).toMatch(/"usd":0.5}\n$/);
});

test.each<[string, (path: string) => Promise<unknown>]>([
  ['the folder is a file', (path) => writeFile(path, '')],
  ['the file of the day is a folder', (path) => mkdir(join(path, '2026-01-08.jsonl'), { recursive: true })],
  [
    'the file of the day is a link',
    async (path) => {
      await mkdir(path);
      await symlink('/dev/null', join(path, '2026-01-08.jsonl'));
    },
  ],
])('the cost of a day is unknown if %s', async (_what, place) => {
  await using spent = await days();
  await mkdir(join(spent.path, '..'), { recursive: true });
  await place(spent.path);
  const known = await spentOnDay(spent.path, EVENING);
  expect(known).toEqual({ unknown: expect.stringContaining(spent.path) });
  expect(spentFacts(known)).toEqual({ spentTodayUnknown: expect.any(String) });
});

test('recording fails if the folder cannot be created', async () => {
  await using spent = await days();
  await mkdir(join(spent.path, '..'), { recursive: true });
  await writeFile(spent.path, 'a file');
  await expect(recordSpent(spent.path, EVENING, iteration(1, 0.25))).rejects.toMatchObject({
    code: 'EEXIST',
  });
});
