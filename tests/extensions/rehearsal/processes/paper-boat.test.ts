// @module-tag ci
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { DEMO_FILES, DEMO_TASK } from '../../../support/paper-boat.ts';

const run = promisify(execFile);

test('the demo project passes its tests without an install, and lacks the requested feature', async () => {
  const root = await mkdtemp(join(tmpdir(), 'paper-boat-'));
  try {
    for (const [path, text] of Object.entries(DEMO_FILES)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    const boat = (...words: string[]) => run(process.execPath, ['src/cli.js', ...words], { cwd: root });
    expect((await run(process.execPath, ['--test'], { cwd: root })).stdout).toMatch(/pass 5[\s\S]*fail 0/);
    await boat('add', 'Fold the boat');
    expect((await boat('list')).stdout).toBe('  1. Fold the boat\n');
    expect((await boat('undo')).stdout).toBe('boat add "text" | drop N | list\n');
    expect(DEMO_TASK).toContain('drop');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
