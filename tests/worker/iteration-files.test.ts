import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type ChildRecord, exitFile } from '../../src/providers/starting/run-child.ts';
import { iterationPaths, sessionPaths } from '../../src/session/layout/paths.ts';
import { readAwakeMs, readEndedByUs, readExit } from '../../src/worker/core/iteration-files.ts';
import { asOrdinaryUser } from '../support/ordinary-user.ts';
import { tempDir } from '../support/temp-dir.ts';

const CHILD: ChildRecord = {
  v: 1,
  wrapper: { pid: 4711, startTicks: '1', bootId: 'boot', pidNamespace: '', hostId: 'host' },
  startedAt: '2026-01-08T14:37:00.000Z',
};

async function place() {
  const dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-boats');
  const files = iterationPaths(paths, 1);
  await mkdir(files.dir, { recursive: true });
  return { paths, files, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test.each([
  ['0\n', '0'],
  ['never started\n', 'never started'],
  // It is being written, or a full disk or a power cut took it: how the child ended is not known.
  ['', undefined],
  ['14', undefined],
])('an exit status that reads %j is %j', async (text, status) => {
  await using it = await place();
  expect(await readExit(it, { iteration: 1 }, CHILD)).toBeUndefined();
  await writeFile(exitFile(it.files.exit, CHILD), text);
  expect(await readExit(it, { iteration: 1 }, CHILD)).toBe(status);
});

test('why a child was ended and how long it was awake are told without their line ends', async () => {
  await using it = await place();
  expect([await readEndedByUs(it, { iteration: 1 }), await readAwakeMs(it, { iteration: 1 })]).toEqual([
    undefined,
    0,
  ]);
  await writeFile(it.files.endedByUs, 'timeout\n');
  await writeFile(it.files.awake, '1500\n');
  expect([await readEndedByUs(it, { iteration: 1 }), await readAwakeMs(it, { iteration: 1 })]).toEqual([
    'timeout',
    1500,
  ]);
});

test('an exit status that a child keeps from being read is none', async () => {
  await using it = await place();
  const path = exitFile(it.files.exit, CHILD);
  await writeFile(path, '0\n');
  await chmod(path, 0);
  expect(await asOrdinaryUser(() => readExit(it, { iteration: 1 }, CHILD))).toBeUndefined();
});
