import { watch } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newFolderEars, type WatchFolder } from '../../src/session/folder-ears.ts';
import { eventually } from '../support/eventually.ts';
import { tempDir } from '../support/temp-dir.ts';

/** The system's watches, counted. */
function counted(): { watchFolder: WatchFolder; open(): number } {
  let open = 0;
  return {
    watchFolder: (folder, changed) => {
      const watcher = watch(folder, changed);
      open += 1;
      watcher.once('close', () => {
        open -= 1;
      });
      return watcher;
    },
    open: () => open,
  };
}

const wanted = (...folders: string[]) => new Map(folders.map((folder) => [folder, undefined]));

test('only so many folders are listened to, and none that is no longer wanted', async () => {
  await using dir = await tempDir();
  const folders = Array.from({ length: 200 }, (_, index) => join(dir.path, `s${index}`));
  for (const folder of folders) await mkdir(folder);
  const { watchFolder, open } = counted();
  const ears = newFolderEars(() => {}, watchFolder);
  expect(await ears.listen(wanted(...folders))).toBe(true);
  expect(open()).toBe(128);
  await ears.listen(wanted(...folders.slice(0, 3)));
  await eventually(async () => open() === 3);
  ears.close();
  await eventually(async () => open() === 0);
});

test('a folder that is not there is told of, and listened to once it is', async () => {
  await using dir = await tempDir();
  const later = join(dir.path, 'later');
  let rings = 0;
  const ears = newFolderEars(() => {
    rings += 1;
  });
  expect(await ears.listen(wanted(dir.path, later))).toBe(false);
  await mkdir(later);
  expect(await ears.listen(wanted(dir.path, later))).toBe(true);
  const before = rings;
  await writeFile(join(later, 'x'), '');
  await eventually(async () => rings > before);
  ears.close();
});
