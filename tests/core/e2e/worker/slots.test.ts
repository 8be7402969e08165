import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readHolding } from '../../../../src/core/kernel/processes/lease.ts';
import { runRoot } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { HANGS, startRig } from '../../../support/session-rig.ts';

test('a worker that adopts the agent of a dead one takes a slot for it again', ci, async () => {
  await using rig = await startRig({ lines: { MAX_PARALLEL: '1' }, scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const dead = await rig.killWorker();
  const { host } = rig.context();
  await rig.launch();
  const place = join(runRoot(rig.file.sessionsDir), '.slots', '1');
  const holding = await eventually(async () => {
    const found = await readHolding(place, host);
    return found.kind === 'held' && found.lease.owner.pid !== dead && found;
  });
  expect(holding).toMatchObject({ liveness: 'alive', lease: { owner: { pid: await rig.workerPid() } } });
});
