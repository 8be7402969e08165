// @module-tag ci
import { EventEmitter } from 'node:events';
import { appendFile, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { writeWhole } from '../../../../src/core/kernel/files/atomic-file.ts';
import type { WatchPath } from '../../../../src/core/kernel/files/watcher.ts';
import { type Watched, watchFiles } from '../../../../src/core/session/folder/watch.ts';
import { tempDir } from '../../../support/temp-dir.ts';

interface Following extends AsyncDisposable {
  /** Makes a change and waits until it is reported. */
  reportOf(change: () => Promise<unknown>): Promise<string[]>;
  reports: string[][];
}

async function follow(
  locate: () => Promise<Watched>,
  options: { watchPath?: WatchPath } = {},
): Promise<Following> {
  const end = new AbortController();
  const reports: string[][] = [];
  const changes = watchFiles(locate, { clock, signal: end.signal, ...options });
  await changes.next();
  const following = (async () => {
    for await (const changed of changes) reports.push(changed);
  })();
  return {
    reports,
    async reportOf(change) {
      // A late report of the previous change must not count for this one.
      await clock.sleep(150);
      const before = reports.length;
      await change();
      while (reports.length === before) await clock.sleep(2);
      return reports.at(-1) ?? [];
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      await following;
    },
  };
}

const refused: WatchPath = () => {
  const watcher = new EventEmitter();
  setImmediate(() => watcher.emit('error', Object.assign(new Error('no more watches'), { code: 'ENOSPC' })));
  return Object.assign(watcher, { close: async () => undefined }) as never;
};

test.concurrent.each([
  ['reported', {}],
  ['found by polling if the system has no more watches', { watchPath: refused }],
])('every way of changing a file is %s, and nothing is reported at rest', async (_name, options) => {
  await using dir = await tempDir();
  const path = join(dir.path, '_overview.md');
  await using file = await follow(async () => ({ files: [path] }), options);
  expect(await file.reportOf(() => writeFile(path, 'one'))).toEqual([path]);
  expect(await file.reportOf(() => appendFile(path, ' more'))).toEqual([path]);
  expect(await file.reportOf(() => writeWhole(path, 'two'))).toEqual([path]);
  expect(await file.reportOf(() => rm(path))).toEqual([path]);
  await file.reportOf(() => symlink(path, `${path}.x`).then(() => writeFile(path, 'three')));
  await clock.sleep(150);
  const atRest = file.reports.length;
  await clock.sleep(150);
  expect(file.reports.length).toBe(atRest);
});

test.concurrent('a folder that is removed and recreated, or replaced by another, is watched again', async () => {
  await using dir = await tempDir();
  const folder = join(dir.path, 'session');
  const path = join(folder, 'a');
  await mkdir(folder);
  await using file = await follow(async () => ({ files: [path] }));
  await file.reportOf(() => writeFile(path, 'one'));
  await file.reportOf(() => rm(folder, { recursive: true }));
  await file.reportOf(async () => {
    await mkdir(folder);
    await writeFile(path, 'two');
  });
  await file.reportOf(() => appendFile(path, 'three'));
  await file.reportOf(async () => {
    await rename(folder, `${folder}.old`);
    await mkdir(folder);
    await writeFile(path, 'four');
  });
  await file.reportOf(() => appendFile(path, 'five'));
});

test.concurrent('changes are reported despite a missing folder, and despite a watch that fails later', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'later', 'a');
  let last: FSWatcher | undefined;
  const watchPath: WatchPath = (target, options) => {
    last = watch(target, options);
    return last;
  };
  await using file = await follow(async () => ({ files: [path] }), { watchPath });
  await file.reportOf(async () => {
    await mkdir(join(dir.path, 'later'));
    await writeFile(path, 'x');
  });
  expect(last).toBeDefined();
  await file.reportOf(async () => {
    await appendFile(path, 'y');
    last?.emit('error', new Error('lost'));
  });
});

test.concurrent('files that move are followed, and watches end with their reader', async () => {
  await using dir = await tempDir();
  const folders = [join(dir.path, 'a'), join(dir.path, 'b')];
  for (const folder of folders) await mkdir(folder);
  let at = 0;
  const locate = async () => ({ files: [join(folders[at] ?? '', 'x')], folders: [dir.path] });
  {
    await using file = await follow(locate);
    await file.reportOf(() => writeFile(join(dir.path, 'a/x'), '1'));
    expect(
      await file.reportOf(async () => {
        at = 1;
        await rename(join(dir.path, 'a/x'), join(dir.path, 'b/x'));
      }),
    ).toEqual([join(dir.path, 'b/x'), join(dir.path, 'a/x')]);
    await file.reportOf(() => appendFile(join(dir.path, 'b/x'), '2'));
  }
  const open = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  expect(open.filter((target) => target.startsWith(dir.path))).toEqual([]);
});

test.concurrent('a failing poll does not end the watch', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'a');
  let polls = 0;
  await using file = await follow(async () => {
    polls += 1;
    if (polls % 2 === 0) throw Object.assign(new Error('no more descriptors'), { code: 'EMFILE' });
    return { files: [path] };
  });
  for (const text of ['one', 'two', 'three']) await file.reportOf(() => writeFile(path, text));
  expect(polls).toBeGreaterThan(3);
});

test.concurrent('other files in its folder are not reported', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'events.jsonl');
  let polls = 0;
  await using file = await follow(async () => {
    polls += 1;
    return { files: [path] };
  });
  const before = polls;
  const begun = clock.monotonic();
  for (let index = 0; index < 20; index += 1) {
    await writeWhole(join(dir.path, 'now.json'), `${index}`);
    await clock.sleep(10);
  }
  // Only the poll every second remains.
  expect(polls - before).toBeLessThanOrEqual((clock.monotonic() - begun) / 1000 + 2);
  await file.reportOf(() => writeFile(path, 'x'));
});

test.concurrent('a constantly written file is reported at a bounded rate', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await using file = await follow(async () => ({ files: [path] }));
  const begun = clock.monotonic();
  for (let line = 0; line < 2000; line += 1) await appendFile(path, 'x');
  const maxReports = (clock.monotonic() - begun) / 40 + 2;
  expect(file.reports.length).toBeLessThanOrEqual(maxReports);
});
