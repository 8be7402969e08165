import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type ChildRecord, exitFile } from '../../../../src/core/sandbox/programs/run-child.ts';
import { iterationPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readAwakeMs, readEndedByUs, readExit } from '../../../../src/core/worker/state/iteration.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { tempDir } from '../../../support/temp-dir.ts';

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
  // Still being written, or cut off by a full disk or a power failure: the ending is unknown.
  ['', undefined],
  ['14', undefined],
])('the exit status file %j gives %j', async (text, status) => {
  await using it = await place();
  expect(await readExit(it, CHILD)).toBeUndefined();
  await writeFile(exitFile(it.files.exit, CHILD), text);
  expect(await readExit(it, CHILD)).toBe(status);
});

test('the reason and the awake time of an ended agent are read without their line ends', async () => {
  await using it = await place();
  expect([await readEndedByUs(it), await readAwakeMs(it)]).toEqual([undefined, 0]);
  await writeFile(it.files.endedByUs, 'timeout\n');
  await writeFile(it.files.awake, '1500\n');
  expect([await readEndedByUs(it), await readAwakeMs(it)]).toEqual(['timeout', 1500]);
});

test('an exit status that an agent made unreadable counts as missing', async () => {
  await using it = await place();
  const path = exitFile(it.files.exit, CHILD);
  await writeFile(path, '0\n');
  await chmod(path, 0);
  expect(await asOrdinaryUser(() => readExit(it, CHILD))).toBeUndefined();
});
