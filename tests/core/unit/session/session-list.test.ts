import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import {
  needsHuman,
  readSessionList,
  sessionFolders,
  unimportedFolders,
} from '../../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { ASKING, BLOCKED, CREATED, DONE, PREPARED, writeEvents } from './events.ts';

const DAY_MS = 24 * 60 * 60_000;
const day = (number: number) => Date.UTC(2026, 0, number);

test('sessions that need a person come first, then the newest', async () => {
  await using dir = await tempDir();
  const at = (folder: string) => sessionPaths(dir.path, folder);
  await writeEvents(at('26-01-01-asks'), [CREATED, PREPARED, ASKING], day(1));
  await writeEvents(at('26-01-02-done'), [CREATED, PREPARED, DONE], day(2));
  await writeEvents(at('26-01-03-runs'), [CREATED, PREPARED], day(3));
  await writeEvents(at('25-12-31-blocked'), [CREATED, PREPARED, BLOCKED], day(1) - DAY_MS);
  const views = await readSessionList(dir.path, await systemHost());
  expect(views.map(({ folder }) => folder)).toEqual([
    '26-01-01-asks',
    '25-12-31-blocked',
    '26-01-03-runs',
    '26-01-02-done',
  ]);
  expect(views.map(needsHuman)).toEqual([true, true, false, false]);
});

test('folders with an overview and without records are listed as unimported, and others are not', async () => {
  await using dir = await tempDir();
  for (const folder of ['26-01-08-old', '_archive', '.git', 'notes']) await mkdir(join(dir.path, folder));
  await writeFile(join(dir.path, '26-01-08-old', '_overview.md'), '# Session: old\n');
  await writeFile(join(dir.path, 'README.md'), 'x');
  await mkdir(join(dir.path, '26-01-08-nested', '_samocode'), { recursive: true });
  await writeFile(join(dir.path, '26-01-08-nested', '_samocode', '_overview.md'), '# Session: old\n');
  await writeEvents(sessionPaths(dir.path, '26-01-09-new'), [CREATED]);
  await mkdir(join(dir.path, '.run', '.26-01-10-half.draft'));
  const views = await readSessionList(dir.path, await systemHost());
  expect(views.map(({ folder }) => folder)).toEqual(['26-01-09-new']);
  expect(await unimportedFolders(dir.path)).toEqual(['26-01-08-nested', '26-01-08-old']);
  expect(await sessionFolders(dir.path)).toEqual([
    '26-01-08-nested',
    '26-01-08-old',
    '26-01-09-new',
    'notes',
  ]);
});

test('an empty or missing folder holds no sessions', async () => {
  await using dir = await tempDir();
  expect(await sessionFolders(join(dir.path, 'none'))).toEqual([]);
});
