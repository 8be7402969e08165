import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeDemoPlace } from '../../../../src/extensions/rehearsal/demo/demo-place.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a demo that cannot create its repository leaves no folder behind', async () => {
  await using temp = await tempDir();
  vi.stubEnv('TMPDIR', temp.path);
  try {
    const made = makeDemoPlace({ PATH: temp.path }, 0);
    await expect(made).rejects.toThrow('git could not be started.');
  } finally {
    vi.unstubAllEnvs();
  }
  expect(await readdir(temp.path)).toEqual([]);
});

test('no process of a demo starts a supervisor', async () => {
  const place = await makeDemoPlace({ PATH: process.env.PATH, SAMOCODE_SUPERVISOR: 'on' }, 0);
  await place.remove();
  expect(place.env.SAMOCODE_SUPERVISOR).toBe('off');
});

test("the demo's processes read no settings of the machine's user", async () => {
  const env = {
    PATH: process.env.PATH,
    HOME: '/home/person',
    ANTHROPIC_API_KEY: 'key',
    GIT_DIR: '/elsewhere',
  };
  const place = await makeDemoPlace(env, 0);
  await place.remove();
  const names = ['HOME', 'PATH', 'REHEARSAL_SCENARIO', 'SAMOCODE_SUPERVISOR'];
  expect(Object.keys(place.env).sort()).toEqual(names);
  expect(place.env.HOME).toBe(join(place.root, 'home'));
});
