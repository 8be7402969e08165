import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contextOfPart } from '../../../../src/core/supervisor/part.ts';
import { MINUTE_MS, scene } from '../../unit/supervisor/scene.ts';

test('the parts of a supervisor share one login shell for less than a minute', async () => {
  await using here = await scene({ env: { SHELL: '/bin/bash', PATH: '/usr/bin:/bin' } });
  const { supervisor } = here;
  const { clock, home } = supervisor;
  await mkdir(home, { recursive: true });
  await writeFile(join(home, '.bash_profile'), 'export ID=$(cat /proc/sys/kernel/random/uuid)\n');
  const read = async () => (await contextOfPart(supervisor)).env.ID;
  const first = await read();
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  clock.pass(MINUTE_MS * 0.8);
  expect(await read()).toBe(first);
  clock.pass(MINUTE_MS * 0.1);
  expect(await read()).not.toBe(first);
});

test('a login shell that does not answer is shared as long, since each try of one costs seconds', async () => {
  await using here = await scene({ env: { SHELL: '/nowhere/sh', PATH: '/usr/bin:/bin' } });
  const { supervisor } = here;
  const first = await contextOfPart(supervisor);
  expect(first.env).toBe(supervisor.env);
  expect(await contextOfPart(supervisor)).toBe(first);
  supervisor.clock.pass(MINUTE_MS);
  expect(await contextOfPart(supervisor)).not.toBe(first);
});
