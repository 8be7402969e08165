import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { AppendOnlyFile } from '../../../../src/core/kernel/files/append-only-file.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const { openSync } = fs;

afterEach(() => {
  Object.assign(fs, { openSync });
  syncBuiltinESMExports();
});

/** Records the folders that are opened, which is only done to sync them. */
function foldersOpened(): Set<string> {
  const opened = new Set<string>();
  const noting: typeof openSync = (path, flags, mode) => {
    if (flags === 'r') opened.add(String(path));
    return openSync(path, flags, mode);
  };
  Object.assign(fs, { openSync: noting });
  syncBuiltinESMExports();
  return opened;
}

test('the directory entry of a new guarded file is on disk before its content counts', async () => {
  await using dir = await tempDir();
  const opened = foldersOpened();
  using _file = await AppendOnlyFile.open(join(dir.path, 'events.jsonl'), 0, async () => undefined);
  expect(opened).toContain(dir.path);
});

test('a new folder of commands is on disk with its first command', async () => {
  await using dir = await tempDir();
  const opened = foldersOpened();
  const head = { v: 1, id: '01JH0000000000000000000001', at: '2026-01-08T10:00:00.000Z' } as const;
  const commands = join(dir.path, 'commands');
  await leaveCommand({ commands }, { ...head, by: { channel: 'cli' }, kind: 'message', text: 'x' });
  expect([...opened]).toEqual(expect.arrayContaining([dir.path, commands]));
});
