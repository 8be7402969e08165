import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test.each([
  ['the last number', Number.MAX_SAFE_INTEGER],
  ['the one before', Number.MAX_SAFE_INTEGER - 1],
  ['a fractional number', Number.NaN],
])('above %s there is no lease, and no file is searched for it', { timeout: 5000 }, async (_, above) => {
  await using dir = await tempDir();
  const taken = acquireLease(dir.path, { host: hostWith([]), clock, above });
  await expect(taken).rejects.toMatchObject({ code: 'lease_numbers_spent' });
  expect(await readdir(dir.path)).toEqual([]);
});

test('the highest number that has a successor is accepted', async () => {
  await using dir = await tempDir();
  const above = Number.MAX_SAFE_INTEGER - 2;
  expect((await acquireLease(dir.path, { host: hostWith([]), clock, above })).number).toBe(above + 1);
});
