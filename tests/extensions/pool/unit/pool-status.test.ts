import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  readPoolStatus,
  StatusFile,
  unmetBy,
} from '../../../../src/extensions/pool/membership/pool-status.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const hosts = [{ labels: ['claude', 'guard'] }, { labels: ['codex'] }];

test.each([
  [['claude'], []],
  [['claude', 'guard'], []],
  [['gemini', 'guard'], ['gemini']],
  [
    ['codex', 'guard'],
    ['codex', 'guard'],
  ],
])('of %s these machines lack %s', (needs, missing) => {
  expect(unmetBy(needs, hosts)).toEqual(missing);
});

test('what failed is told until it has not failed again for two minutes', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'pool.json');
  const clock = new HandClock();
  const status = new StatusFile(path, clock);
  const entry = { id: 's', project: 'p', folder: 'hull', host: 'h', epoch: 1, wanted: true, needs: [] };
  status.saw([entry], ['s']);
  for (const of of ['once', 'again']) status.failed(of, new Error(`${of} failed`));
  clock.pass(100_000);
  status.failed('again', new Error('again failed'));
  clock.pass(100_000);
  status.write();
  expect(await readPoolStatus(path)).toMatchObject({
    at: '2026-01-08T10:03:20.000Z',
    sessions: [{ id: 's', folder: 'hull', host: 'h', unpublishedSince: '2026-01-08T10:00:00.000Z' }],
    problems: [{ of: 'again', text: 'Error: again failed' }],
  });
});

test('a status that cannot be written is only missing: a member of the pool continues', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'pool.json');
  // As a full disk does, but for root too.
  await mkdir(path);
  const status = new StatusFile(path, new HandClock());
  status.failed('hull', new Error('it failed'));
  expect(() => status.write()).not.toThrow();
  expect(await readPoolStatus(path)).toBeUndefined();
});
