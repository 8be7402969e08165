import { readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sinceBootMs } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { stateRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { changeFile, childWorks } from '../../../core/faults/with-settings.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { endSession } from '../../../support/live-session.ts';
import { startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const HANGS = 'export default { paceMs: 0, rules: [{ when: { iteration: 3 }, do: [{ act: "hang" }] }] };';

/** A session of a pool whose agent hangs, an hour before that time. */
async function atWork() {
  const { bootId } = await systemHost();
  const rig = await startRig({ at: 'asking', scenario: HANGS });
  await changeFile(rig, () => ({ pool: true }));
  await writeFile(rig.paths.poolUntil, `${sinceBootMs() + 3_600_000} ${bootId}`);
  await rig.answer();
  await childWorks(rig, 3);
  return { ...rig, bootId };
}

test.concurrent.each([
  ['after the time that its supervisor was given', -1, ''],
  ['when that time is of an earlier boot', 3_600_000, 'earlier'],
])('%s, a worker ends its agent and writes nothing more', ci, async (_when, leftMs, boot) => {
  await using rig = await atWork();
  const { bootId } = rig;
  const { n } = await rig.state();
  await writeFile(rig.paths.poolUntil, `${sinceBootMs() + leftMs} ${boot || bootId}`);
  await eventually(async () => (await rig.processesWithMark()).length === 0, {
    what: 'the end of the agent',
  });
  expect(await rig.view()).toMatchObject({ state: { n }, worker: 'unknowable' });
});

test.concurrent('a worker that restarts an iteration after that time starts no agent', async () => {
  await using rig = await atWork();
  const { bootId } = rig;
  const { child } = iterationPaths(rig.paths, 3);
  await endSession({ paths: rig.paths, host: rig.context().host }, rig.file.id);
  const before = await readFile(child, 'utf8');
  await writeFile(rig.paths.poolUntil, `${sinceBootMs() - 1} ${bootId}`);
  await rig.launch();
  await eventually(async () => (await rig.view())?.worker === 'unknowable', {
    what: 'the end of the worker',
  });
  expect(await readFile(child, 'utf8')).toBe(before);
});

test.concurrent('without a pool nobody reads that time', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await writeFile(rig.paths.poolUntil, '1');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
});

test.concurrent('a worker that dies while it keeps a state leaves the one before, and the next keeps it', async () => {
  await using rig = await startRig({ at: 'asking', faults: true });
  await changeFile(rig, () => ({ pool: true }));
  const ref = stateRef(refNameOf(rig.file));
  await rig.stop();
  await endOfWorker(rig);
  await rm(rig.paths.state, { force: true });
  const before = await rig.repo.git(['rev-parse', ref]);
  const dying = { SAMOCODE_CRASH_AT: 'keep-state' };
  await rig.resume({}, dying);
  await endOfWorker(rig);
  expect(await rig.repo.git(['rev-parse', ref])).toBe(before);
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  await endOfWorker(rig);
  expect(await rig.repo.git(['rev-list', '--first-parent', ref])).toContain(before);
  expect(await rig.repo.git(['show', `${ref}:run/events.jsonl`])).toContain('plan_approval');
});
