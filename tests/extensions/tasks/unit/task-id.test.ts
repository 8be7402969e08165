import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cursorOfSeveral } from '../../../../src/core/caller/facts/cursor.ts';
import {
  placeDigest,
  type TaskWatch,
  taskId,
  taskKey,
  watchOf,
} from '../../../../src/extensions/tasks/task-id.ts';
import { cursorFor } from '../../../support/cursor-for.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const KEY = 'k'.repeat(32);

const WATCH = fc.record<TaskWatch>({
  name: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  isGroup: fc.boolean(),
  until: fc.constantFrom('attention', 'done', 'merged'),
  cursor: fc
    .array(
      fc.record({
        view: fc.record({ folder: fc.string() }),
        n: fc.nat(),
        knowsStuck: fc.boolean(),
      }),
      { maxLength: 12 },
    )
    .map(cursorOfSeveral),
  place: fc.string().map(placeDigest),
});

test('an id says its whole watch in printable characters, and only to whoever has the key', () => {
  fc.assert(
    fc.property(WATCH, (watch) => {
      const id = taskId(watch, KEY) ?? '';
      expect(id).toMatch(/^[\x21-\x7e]{1,1024}$/);
      expect(watchOf(id, KEY)).toEqual(watch);
      expect(watchOf(id, 'j'.repeat(32))).toBeUndefined();
    }),
  );
});

test('an id with one other character, or less of it, names no watch', () => {
  const watch: TaskWatch = {
    name: 'boat',
    isGroup: false,
    until: 'attention',
    cursor: cursorFor({ b: 7 }),
    place: placeDigest('a'),
  };
  const id = taskId(watch, KEY) ?? '';
  for (let at = 0; at < id.length; at += 1) {
    expect(
      watchOf(`${id.slice(0, at)}${id[at] === '0' ? '1' : '0'}${id.slice(at + 1)}`, KEY),
    ).toBeUndefined();
    expect(watchOf(id.slice(0, at), KEY)).toBeUndefined();
  }
  for (const other of ['', '.', '..', id.repeat(40), `${id}x`, '\u0000', '💥'.repeat(22)])
    expect(watchOf(other, KEY)).toBeUndefined();
});

test('a group whose cursor does not fit into an id has none', () => {
  const cursor = cursorFor(Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`${n}s`, n])));
  expect(
    taskId({ name: 'fleet', isGroup: true, until: 'done', cursor, place: placeDigest('a') }, KEY),
  ).toBeUndefined();
});

test('servers that begin at once have one key, which nobody else reads', async () => {
  await using dir = await tempDir();
  const keys = await Promise.all(Array.from({ length: 8 }, () => taskKey(dir.path)));
  expect(new Set(keys).size).toBe(1);
  const path = join(dir.path, '.config/samocode/task-key');
  expect((await readFile(path, 'utf8')).trim()).toBe(keys[0]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('where the key cannot be kept, there is one all the same', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, '.config/samocode/task-key'), { recursive: true });
  expect(await taskKey(dir.path)).toMatch(/^[\w-]{32}$/);
});
