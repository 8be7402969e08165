// @module-tag ci
import { getEventListeners } from 'node:events';
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { writeWhole } from '../../../../src/core/kernel/files/atomic-file.ts';
import { newWatcher, type WatchPath } from '../../../../src/core/kernel/files/watcher.ts';
import { eventually } from '../../../support/eventually.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const LONG_MS = 60_000;

/** chokidar's watchers, tracking which are open. */
function counted(): { watchPath: WatchPath; opened: FSWatcher[]; open(): FSWatcher[] } {
  const opened: FSWatcher[] = [];
  const watchPath: WatchPath = (path, options) => {
    const watcher = watch(path, options);
    opened.push(watcher);
    return watcher;
  };
  return { watchPath, opened, open: () => opened.filter(({ closed }) => !closed) };
}

/** Waits until nothing is reported any more. */
async function settled(watcher: ReturnType<typeof newWatcher>, paths: readonly string[]): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    watcher.watch(paths);
    quiet = (await watcher.wait(200)) ? 0 : quiet + 1;
  }
}

test('the number of watched paths is limited, which is reported, and unneeded watches are closed', async () => {
  await using dir = await tempDir();
  const folders = Array.from({ length: 200 }, (_, index) => join(dir.path, `s${index}`));
  for (const folder of folders) await mkdir(folder);
  const { watchPath, open } = counted();
  const watcher = newWatcher({ clock, watchPath });
  expect(watcher.watch(folders)).toBe(false);
  expect(open().length).toBe(128);
  expect(watcher.watch(folders.slice(0, 3))).toBe(true);
  expect(open().length).toBe(3);
  watcher.close();
  expect(open()).toEqual([]);
});

test('a file is watched before it exists, and after it is replaced', async () => {
  await using dir = await tempDir();
  const folder = join(dir.path, 'later');
  const path = join(folder, 'file');
  const watcher = newWatcher({ clock });
  expect(watcher.watch([path])).toBe(false);
  await mkdir(folder);
  expect(watcher.watch([path])).toBe(true);
  const changes = [
    () => writeFile(path, 'one'),
    () => appendFile(path, 'two'),
    () => writeWhole(path, 'three'),
    () => appendFile(path, 'four'),
    async () => {
      await rename(folder, `${folder}.old`);
      await mkdir(folder);
      await writeFile(path, 'five');
      watcher.watch([path]);
    },
    () => appendFile(path, 'six'),
  ];
  for (const change of changes) {
    await settled(watcher, [path]);
    const waiting = watcher.wait(LONG_MS);
    await change();
    expect(await waiting).toBe(true);
  }
  watcher.close();
});

test('the last change of a burst is reported too', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'file');
  await writeFile(path, '');
  const watcher = newWatcher({ clock });
  await settled(watcher, [path]);
  await appendFile(path, '1');
  await watcher.wait(LONG_MS);
  // chokidar reports none of these.
  for (let index = 0; index < 5; index += 1) await appendFile(path, '2');
  await watcher.wait(LONG_MS);
  watcher.close();
});

test('errors do not end the watcher, not even after close', async () => {
  await using dir = await tempDir();
  const { watchPath, opened, open } = counted();
  const watcher = newWatcher({ clock, watchPath });
  await settled(watcher, [dir.path]);
  opened[0]?.emit('error', new Error('no more watches'));
  await watcher.wait(LONG_MS);
  expect(watcher.watch([dir.path])).toBe(false);
  watcher.close();
  await eventually(async () => open().length === 0);
  opened[0]?.emit('error', new Error('too late'));
});

test('a wait ends with the reason of its abort, even if it was aborted before', async () => {
  const watcher = newWatcher({ clock });
  const cut = new AbortController();
  const waiting = watcher.wait(LONG_MS, cut.signal);
  cut.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(watcher.wait(1, cut.signal)).rejects.toThrow('enough');
});

test('waits leave no listeners on a long-lived signal', async () => {
  const watcher = newWatcher({ clock });
  const { signal } = new AbortController();
  for (let index = 0; index < 100; index += 1) await watcher.wait(0, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
