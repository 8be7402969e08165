import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machineLimits } from '../../../../src/core/project/finding/machine-limits.ts';
import { tempDir } from '../../../support/temp-dir.ts';

async function home(text?: string) {
  const dir = await tempDir();
  const folder = join(dir.path, '.config', 'samocode');
  const write = async (lines: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.env'), lines);
  };
  if (text !== undefined) await write(text);
  return { path: dir.path, write, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test('by default a machine has no limits, and its supervisor stays ten minutes', async () => {
  await using given = await home();
  expect(await machineLimits({}, given.path)).toEqual({ supervisorMinutes: 10, keep: {} });
});

test('limits are read from the environment', async () => {
  await using given = await home();
  const env = {
    ...{ MAX_COST_USD_PER_DAY: '12.5', MAX_PARALLEL_ON_MACHINE: '4' },
    ...{ KEEP_5H: '20%', KEEP_7D: '90' },
    SAMOCODE_SUPERVISOR_MINUTES: '0.05',
  };
  const limits = { usdPerDay: 12.5, parallel: 4, supervisorMinutes: 0.05, keep: { '5h': 20, '7d': 90 } };
  expect(await machineLimits(env, given.path)).toEqual(limits);
});

test('limits are read from the config folder at every call', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=5\nMAX_PARALLEL_ON_MACHINE=2\n');
  expect(await machineLimits({}, given.path)).toMatchObject({ usdPerDay: 5, parallel: 2 });
  await given.write('MAX_COST_USD_PER_DAY=50\n');
  expect(await machineLimits({}, given.path)).toEqual({ usdPerDay: 50, supervisorMinutes: 10, keep: {} });
});

test('a limit of zero is accepted', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=0\n');
  expect((await machineLimits({}, given.path)).usdPerDay).toBe(0);
});

test('an invalid value is ignored, and the others still count', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=plenty\nKEEP_5H=91%\nMAX_PARALLEL_ON_MACHINE=3\n');
  expect(await machineLimits({}, given.path)).toEqual({ parallel: 3, supervisorMinutes: 10, keep: {} });
});
