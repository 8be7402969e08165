import { readdir } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { makeDemoPlace } from '../../src/demo/demo-place.ts';
import { tempDir } from '../support/temp-dir.ts';

test('a demo that cannot have its repository leaves no folder behind', async () => {
  await using temp = await tempDir();
  vi.stubEnv('TMPDIR', temp.path);
  try {
    const made = makeDemoPlace({ env: { PATH: temp.path }, paceMs: 0 });
    await expect(made).rejects.toThrow('git could not be started.');
  } finally {
    vi.unstubAllEnvs();
  }
  expect(await readdir(temp.path)).toEqual([]);
});

test('no process of a demo starts a supervisor', async () => {
  const place = await makeDemoPlace({
    env: { PATH: process.env.PATH, SAMOCODE_SUPERVISOR: 'on' },
    paceMs: 0,
  });
  await place.remove();
  expect(place.env.SAMOCODE_SUPERVISOR).toBe('off');
});
