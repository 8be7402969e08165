import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';

test('a lease number that is only in the cached state does not prevent a worker', ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  await rig.stop();
  await endOfWorker(rig);
  const { lease } = await rig.state();
  const cache = JSON.parse(await readFile(rig.paths.state, 'utf8'));
  cache.state.lease = Number.MAX_SAFE_INTEGER;
  await writeFile(rig.paths.state, JSON.stringify(cache));
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  expect((await rig.state()).lease).toBe(lease + 1);
});
