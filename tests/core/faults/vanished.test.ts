import { lstat, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { leaveCommand } from '../../../src/core/session/commands/commands.ts';
import { ci } from '../../support/ci.ts';
import { eventsOfType } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import { expectLost } from '../gates/gate-record.ts';
import { expectNoSpin } from './cpu.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';
import { childWorks } from './with-settings.ts';

/** Its worker stays, because the limit ends within a minute. */
const SHORT_LIMIT = { rules: [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 40 }] }] };

/**
 * The end of the iteration, which repairs the run folder, comes after the limit: an answered command shows that it is
 * over.
 */
async function untilItWaits(rig: SessionRig): Promise<void> {
  const id = ulid();
  const head = { v: 1, id, by: { channel: 'cli' }, at: new Date().toISOString() } as const;
  await leaveCommand(rig.paths, { ...head, kind: 'approve' });
  await eventually(
    async () => (await rig.events()).some((event) => event.type === 'command_refused' && event.id === id),
    { what: 'an answer' },
  );
}

test.each(['sessionsDir', 'runDir'] as const)(
  'a worker whose %s is removed while it waits leaves, and does not create it again',
  async (name) => {
    await using rig = await startRig({ scenario: SHORT_LIMIT });
    await rig.until(({ status }) => status.kind === 'limited');
    await untilItWaits(rig);
    const pid = await rig.workerPid();
    // Atomically: a removal in steps could be seen when half done.
    await rename(rig.paths[name], join(rig.repo.root, 'away'));
    const { processes } = rig.context().host;
    await eventually(async () => ((await processes.read(pid ?? 0))?.state ?? 'Z') === 'Z', {
      what: 'the end of the worker',
    });
    await endOfWorker(rig);
    expect(await ifExists(lstat(rig.paths.runDir))).toBeUndefined();
    expect(await rig.processesWithMark()).toEqual([]);
  },
);

test(
  'a session whose run folder is deleted while an agent works is lost, says so, and keeps the work',
  ci,
  async () => {
    const slow = { when: { iteration: 1 }, do: [{ act: 'sleep', ms: 2500 }, { act: 'normal' }] };
    await using rig = await startRig({ scenario: { rules: [slow] } });
    await childWorks(rig, 1);
    const pid = await rig.workerPid();
    await rm(rig.paths.runDir, { recursive: true });
    await expectNoSpin(pid);
    await expectLost(rig);
  },
);

/** Every step of a leaving worker, and how the next one finds its lease. */
const STEPS: [point: string, found: 'died' | 'released'][] = [
  ['before-leaving', 'died'],
  ['before-release', 'died'],
  ['after-release', 'released'],
  ['after-handover', 'released'],
];

const died: FaultRow[] = STEPS.map(([point, found]) => ({
  ci: true,
  name: `the worker dies at ${point}, and the session waits and continues after its answer`,
  env: { SAMOCODE_CRASH_AT: point },
  from: 'rest',
  ends: AT_THE_GATE,
  also: async (rig) => {
    await endOfWorker(rig);
    const { state, wantsWorker } = await rig.view();
    expect({ kind: state.status.kind, wantsWorker }).toEqual({ kind: 'waiting', wantsWorker: false });
    const { n } = state;
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    await endOfWorker(rig);
    expect((await eventsOfType(rig, 'worker_took_over', n))[0]).toMatchObject({ previous: found });
  },
}));

const unwritten: FaultRow = {
  name: 'a worker leaves even if the disk took no line of its overview, and the next one writes all of it',
  env: { SAMOCODE_FAIL_AT: 'projections:ENOSPC' },
  from: 'rest',
  ends: AT_THE_GATE,
  also: async (rig) => {
    await endOfWorker(rig);
    const overview = () => readFile(rig.paths.overview, 'utf8');
    expect(await overview()).not.toContain('Waiting for answers');
    await rig.launch();
    await eventually(async () => (await overview()).includes('Waiting for answers'));
    await endOfWorker(rig);
    expect(await overview()).toContain('Session resumed');
    expect(await readFile(rig.paths.sessionLog, 'utf8')).toContain('waiting for qa_answers');
  },
};

faultTable([...died, unwritten]);
