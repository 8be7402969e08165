import { createHash } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemHost } from '../../src/base/host.ts';
import { sessionPaths } from '../../src/session/paths.ts';
import { readSession } from '../../src/session/status.ts';
import { tempDir } from '../support/temp-dir.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from './events.ts';

const PARKED = '# Q&A: x\n**Answer:** _waiting_\n';

/** A session without a worker that waits for answers since the text stood in `_qa.md`; the file is as old as told. */
async function waiting(dir: string, now: string, modified: string) {
  const paths = sessionPaths(dir, '26-01-08-x');
  const fileHash = createHash('sha256').update(PARKED).digest('hex');
  await writeEvents(paths, [CREATED, PREPARED, { ...ASKING, fileHash } as typeof ASKING]);
  await mkdir(paths.sessionDir);
  await writeFile(paths.qa, now);
  await utimes(paths.qa, new Date(modified), new Date(modified));
  return await readSession(paths, await systemHost());
}

test('an answer from a machine whose clock is behind wants a worker', async () => {
  await using dir = await tempDir();
  const view = await waiting(dir.path, PARKED.replace('_waiting_', 'A'), '2026-01-08T09:00:00Z');
  expect(view?.needsWorker).toBe(true);
});

test('a file that was only saved or copied again wants none', async () => {
  await using dir = await tempDir();
  expect((await waiting(dir.path, PARKED, '2026-01-08T12:00:00Z'))?.needsWorker).toBe(false);
});
