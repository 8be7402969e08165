// @module-tag ci
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtPrograms } from '../../../support/built-programs.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a worker runs on a Node version without getBuiltinModule', async () => {
  await using dir = await tempDir();
  const { worker } = await builtPrograms();
  const older = join(dir.path, 'older.cjs');
  await writeFile(older, 'delete process.getBuiltinModule;\n');
  const args = ['--require', older, worker, dir.path, '26-01-08-boats'];
  const { stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toContain('There is no session file');
  expect(stderr).not.toContain('TypeError');
});
