import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planText, withoutWindows } from '../../../../src/core/caller/facts/plan-text.ts';
import { stampsAt } from '../../../../src/core/kernel/files/stamps.ts';
import { notePlanWindows } from '../../../../src/core/sandbox/plan-windows.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const NOW = 1_795_790_000_000;
const HOUR = 3_600_000;

async function machine(settings = '') {
  const dir = await tempDir();
  await mkdir(join(dir.path, '.config/samocode'), { recursive: true });
  await writeFile(join(dir.path, '.config/samocode/.env'), settings);
  const clock = { now: () => NOW, monotonic: () => 0, sleep: async () => {} };
  return {
    home: dir.path,
    env: {},
    clock,
    note: (used: number, endsAt: number) =>
      notePlanWindows('claude', { dir: dir.path, env: {} }, [
        { window: '5h', used, endsAt, seenAt: NOW - 180_000, from: 'agent' },
      ]),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('what is used of a plan is told with its end and its age, rounded down', async () => {
  await using here = await machine();
  await here.note(0.429, NOW + HOUR);
  const ends = stampsAt(NOW + HOUR).log;
  expect(await planText('claude', here)).toBe(`42 % of 5 hours, ends ${ends}, seen 3 min ago`);
});

test('a window that is over is unknown, which is told only where something is kept', async () => {
  await using quiet = await machine();
  await using keeping = await machine('KEEP_5H=20%\n');
  for (const here of [quiet, keeping]) await here.note(0.42, NOW - HOUR);
  expect(await planText('claude', quiet)).toBeUndefined();
  expect(await planText('claude', keeping)).toContain('unknown');
});

test('an agent without windows is named where something should be kept', async () => {
  await using quiet = await machine('KEEP_5H=0\n');
  await using keeping = await machine('KEEP_7D=30%\n');
  expect(await withoutWindows(['claude', 'gemini'], quiet)).toEqual([]);
  expect(await withoutWindows(['claude', 'gemini'], keeping)).toEqual([
    'Gemini CLI: nothing is kept for you: this login has no window.',
  ]);
  expect(await planText('gemini', keeping)).toBe('nothing is kept for you: this login has no window');
});
