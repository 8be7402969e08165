import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { eventsOfType } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';

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
