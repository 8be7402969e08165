import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { appendFileSync, closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { changeFile } from '../../src/base/files/change-file.ts';
import { tempDir } from '../support/temp-dir.ts';

const real = { writeSync: fs.writeSync, renameSync: fs.renameSync };
const { sleep } = systemClock;

afterEach(() => {
  systemClock.sleep = sleep;
  Object.assign(fs, real);
  syncBuiltinESMExports();
});

/** Does something once, right before a call of ours or right after it. */
function around(
  name: 'writeSync' | 'renameSync',
  { before, after }: { before?: () => void; after?: () => void },
) {
  Object.assign(fs, {
    [name]: (...args: never[]) => {
      Object.assign(fs, real);
      syncBuiltinESMExports();
      before?.();
      const result = (real[name] as (...given: never[]) => unknown)(...args);
      after?.();
      return result;
    },
  });
  syncBuiltinESMExports();
}

const ours = (text = '') => `${text.replace(/^ours .*\n/, '')}ours ${text.length}\n`;

async function fileWith(text: string) {
  const dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, text);
  const held = openSync(path, 'r+');
  return {
    path,
    held,
    text: () => readFile(path, 'utf8'),
    others: async () => (await readdir(dir.path)).filter((name) => name !== 'file'),
    async [Symbol.asyncDispose]() {
      closeSync(held);
      await dir[Symbol.asyncDispose]();
    },
  };
}

test('a line that came while the draft was written stays', async () => {
  await using file = await fileWith('one\n');
  around('writeSync', { before: () => appendFileSync(file.path, 'a person was here\n') });
  await changeFile(file.path, ours);
  expect(await file.text()).toBe('one\na person was here\nours 22\n');
  expect(await file.others()).toEqual([]);
});

test('a line that was written into the file that was just replaced is taken over', async () => {
  await using file = await fileWith('one\n');
  around('renameSync', { after: () => writeSync(file.held, 'late\n', 4) });
  expect(await changeFile(file.path, ours)).toBe('one\nours 4\nlate\n');
  expect(await file.text()).toBe('one\nours 4\nlate\n');
});

test('a file that an editor was just writing anew is changed as the editor left it', async () => {
  await using file = await fileWith('one\ntwo\n');
  around('renameSync', {
    before: () => ftruncateSync(file.held),
    after: () => setTimeout(() => writeSync(file.held, 'one\n2\n', 0), 5),
  });
  await changeFile(file.path, ours);
  expect(await file.text()).toBe('one\n2\nours 6\n');
});

test('of two edits at the same moment both are kept, one of them beside the file', async () => {
  await using file = await fileWith('one\ntwo\n');
  around('renameSync', {
    before: () => writeSync(file.held, 'ONE\n', 0),
    after: () => writeFileSync(file.path, 'another person\n'),
  });
  expect(await changeFile(file.path, ours)).toBe('another person\n');
  const [aside = ''] = await file.others();
  expect(aside).toMatch(/^file\.aside-/);
  expect(await readFile(`${file.path}${aside.slice('file'.length)}`, 'utf8')).toBe('ONE\ntwo\n');
});

test('a person who appends line after line loses none of them, however often the file is changed', async () => {
  await using file = await fileWith('one\n');
  const shell = 'i=0; while [ $i -lt 4000 ]; do echo "line $i" >>"$0"; i=$((i+1)); done';
  const person = spawn('/bin/sh', ['-c', shell, file.path]);
  const ended = once(person, 'exit');
  let count = 0;
  const change = (text = '') => text.replace(/^(one).*\n/, `one ${count++}\n`);
  while (person.exitCode === null) await changeFile(file.path, change);
  await ended;
  await changeFile(file.path, change);
  const lines = (await file.text()).split('\n').filter((line) => line.startsWith('line'));
  expect(new Set(lines).size).toBe(4000);
  expect(lines).toHaveLength(4000);
  expect(await file.others()).toEqual([]);
});

test('an edit that comes when the replaced file is about to be let go is taken over whole', async () => {
  await using file = await fileWith('Phase: a\nLast: x\n');
  // The time of the first change is up as soon as the second one waits for the editor to rest.
  let timeIsUp: (() => void) | undefined;
  systemClock.sleep = async (ms) => {
    timeIsUp?.();
    if (timeIsUp) return await sleep(ms);
    await new Promise<void>((resolve) => {
      timeIsUp = resolve;
    });
  };
  await changeFile(file.path, (text = '') => text.replace('Last: x', 'Last: y'));
  ftruncateSync(file.held);
  writeSync(file.held, 'Phase: of a person\nLast: x\n', 0);
  await changeFile(file.path, (text = '') => `${text}Next: z\n`);
  expect(await file.text()).toBe('Phase: of a person\nLast: y\nNext: z\n');
});
