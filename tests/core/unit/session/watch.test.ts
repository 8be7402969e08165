import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { waitForEvents } from '../../../../src/core/session/folder/watch.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { CREATED, DONE, eventLines, PREPARED, writeEvents } from './events.ts';

const LINES = eventLines([CREATED, PREPARED, DONE])
  .split('\n')
  .map((line) => `${line}\n`);
const long = { timeoutMs: 30_000, clock };

async function twoEvents(dir: string, folder: string): Promise<SessionPaths> {
  const paths = sessionPaths(dir, folder);
  await writeEvents(paths, [CREATED, PREPARED]);
  return paths;
}

test('events from before the wait are returned at once', async () => {
  await using dir = await tempDir();
  const paths = await twoEvents(dir.path, 'a');
  expect(await waitForEvents([{ paths, after: 1 }], { timeoutMs: 0, clock })).toEqual([0]);
});

test('a wait without events returns nothing', async () => {
  await using dir = await tempDir();
  const paths = await twoEvents(dir.path, 'a');
  expect(await waitForEvents([{ paths, after: 2 }], { timeoutMs: 20, clock })).toEqual([]);
  const gone = sessionPaths(dir.path, 'gone');
  expect(await waitForEvents([{ paths: gone, after: 0 }], { timeoutMs: 20, clock })).toEqual([]);
});

test('of several sessions the one with new events is named', async () => {
  await using dir = await tempDir();
  const [a, b] = [await twoEvents(dir.path, 'a'), await twoEvents(dir.path, 'b')];
  const seen = [
    { paths: a, after: 2 },
    { paths: b, after: 2 },
  ];
  const waiting = waitForEvents(seen, long);
  await clock.sleep(50);
  await appendFile(b.events, LINES[2] ?? '');
  expect(await waiting).toEqual([1]);
});

test('half a line is not an event; completed, it is', async () => {
  await using dir = await tempDir();
  const paths = await twoEvents(dir.path, 'a');
  const line = LINES[2] ?? '';
  await appendFile(paths.events, line.slice(0, 30));
  expect(await waitForEvents([{ paths, after: 2 }], { timeoutMs: 50, clock })).toEqual([]);
  const waiting = waitForEvents([{ paths, after: 2 }], long);
  await appendFile(paths.events, line.slice(30));
  expect(await waiting).toEqual([0]);
});

test('a session whose folder does not exist yet is found by polling', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, 'later');
  const waiting = waitForEvents([{ paths, after: 0 }], long);
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.events, LINES[0] ?? '');
  expect(await waiting).toEqual([0]);
});

test('a wait ends with the reason of its abort', async () => {
  await using dir = await tempDir();
  const paths = await twoEvents(dir.path, 'a');
  const cut = new AbortController();
  const waiting = waitForEvents([{ paths, after: 2 }], { ...long, signal: cut.signal });
  cut.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
