import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machineSetting } from '../../../../src/core/project/finding/machine-setting.ts';
import { tempDir } from '../../../support/temp-dir.ts';

async function home(text?: string) {
  const dir = await tempDir();
  const folder = join(dir.path, '.config', 'samocode');
  const write = async (lines: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.env'), lines);
  };
  if (text !== undefined) await write(text);
  return {
    write,
    read: async (env: Record<string, string> = {}) => {
      const place = { env, home: dir.path };
      return [
        await machineSetting('maxCostUsdPerDay', place),
        await machineSetting('maxParallelOnMachine', place),
        await machineSetting('supervisorMinutes', place),
        await machineSetting('keep5h', place),
        await machineSetting('keep7d', place),
        await machineSetting('claudePath', place),
      ];
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const NONE = undefined;

test('by default a machine has no limits, and its supervisor stays ten minutes', async () => {
  await using given = await home();
  expect(await given.read()).toEqual([NONE, NONE, 10, NONE, NONE, 'claude']);
});

test('limits are read from the environment', async () => {
  await using given = await home();
  const env = {
    ...{ MAX_COST_USD_PER_DAY: '12.5', MAX_PARALLEL_ON_MACHINE: '4' },
    ...{ KEEP_5H: '20%', KEEP_7D: '90', CLAUDE_PATH: '/opt/claude' },
    SAMOCODE_SUPERVISOR_MINUTES: '0.05',
  };
  expect(await given.read(env)).toEqual([12.5, 4, 0.05, 20, 90, '/opt/claude']);
});

test('limits are read from the config folder at every call', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=5\nMAX_PARALLEL_ON_MACHINE=2\n');
  expect(await given.read()).toEqual([5, 2, 10, NONE, NONE, 'claude']);
  await given.write('MAX_COST_USD_PER_DAY=50\n');
  expect(await given.read()).toEqual([50, NONE, 10, NONE, NONE, 'claude']);
});

test('a limit of zero is accepted', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=0\n');
  expect((await given.read())[0]).toBe(0);
});

test('an invalid value is ignored, and the others still count', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=plenty\nKEEP_5H=91%\nMAX_PARALLEL_ON_MACHINE=3\n');
  expect(await given.read()).toEqual([NONE, 3, 10, NONE, NONE, 'claude']);
});

test('the program of an agent CLI that this build lacks is unset', async () => {
  expect(await machineSetting('nobodysPath', { env: {}, home: '/nowhere' })).toBeUndefined();
});
