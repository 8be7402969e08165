import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';

/** Every step of a leaving worker, and how the next one finds its lease. */
const STEPS: [point: string, found: 'died' | 'released'][] = [
  ['before-leaving', 'died'],
  ['before-release', 'died'],
  ['after-release', 'released'],
  ['after-handover', 'released'],
];

async function takenOver(rig: SessionRig): Promise<string[]> {
  return (await rig.events()).flatMap((event) => (event.type === 'worker_took_over' ? [event.previous] : []));
}

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
    const before = (await takenOver(rig)).length;
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    await endOfWorker(rig);
    expect((await takenOver(rig))[before]).toBe(found);
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
