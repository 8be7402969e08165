// Records sessions as this build leaves them, for the tests that open them with every later build:
//   npx tsx scripts/record-release.ts 0.1
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { endTree } from '../src/base/end-tree.ts';
import { systemHost } from '../src/base/host.ts';
import { SESSION_MARK } from '../src/providers/environment.ts';
import { recordPlace } from '../tests/support/recorded-place.ts';
import { type RigPlan, type SessionRig, startRig } from '../tests/support/session-rig.ts';

Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.1.0' });

const HANGS_IN_IMPLEMENTATION = { rules: [{ when: { phase: 'implementation' }, do: [{ act: 'hang' }] }] };
const BLOCKS_IN_TESTING = {
  rules: [
    {
      when: { phase: 'testing' },
      do: [
        {
          act: 'signal-file',
          text: '{"status":"blocked","phase":"testing","reason":"No port is free.","needs":"human_decision"}\n',
        },
        { act: 'result' },
      ],
    },
  ],
};
const ALONE: RigPlan['start'] = { acceptSuggestions: true, autoApprove: true };

interface Moment {
  name: string;
  about: string;
  plan: RigPlan;
  reach(rig: SessionRig): Promise<unknown>;
}

const MOMENTS: Moment[] = [
  {
    name: 'waits-for-answers',
    about: 'waits for answers; its idle worker died with the machine',
    plan: {},
    reach: (rig) => rig.untilWaiting('qa_answers'),
  },
  {
    name: 'waits-for-approval',
    about: 'questions answered, waits for the approval of its plan',
    plan: {},
    reach: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.answer();
      await rig.untilWaiting('plan_approval');
    },
  },
  {
    name: 'stopped',
    about: 'plan approved by a person, stopped in the first iteration of implementation',
    plan: { scenario: HANGS_IN_IMPLEMENTATION },
    reach: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.answer();
      await rig.untilWaiting('plan_approval');
      await rig.approve();
      await rig.until(
        ({ openIteration, progress }) => !!openIteration && progress.phase === 'implementation',
      );
      await rig.stop();
      await rig.until(({ status }) => status.kind === 'stopped');
    },
  },
  {
    name: 'died-in-iteration',
    about: 'worker and agent died with the machine in the first iteration of implementation',
    plan: { scenario: HANGS_IN_IMPLEMENTATION, start: ALONE },
    reach: (rig) =>
      rig.until(({ openIteration, progress }) => !!openIteration && progress.phase === 'implementation'),
  },
  {
    name: 'blocked',
    about: 'blocked in testing by a signal of the agent',
    plan: { scenario: BLOCKS_IN_TESTING, start: ALONE },
    reach: (rig) => rig.until(({ status }) => status.kind === 'blocked'),
  },
  {
    name: 'done',
    about: 'done, all phases behind it',
    plan: { start: ALONE },
    reach: (rig) => rig.until(({ status }) => status.kind === 'done'),
  },
];

const release = process.argv[2];
if (release === undefined) throw new Error('Name the release: npx tsx scripts/record-release.ts 0.1');
const host = await systemHost();
for (const { name, about, plan, reach } of MOMENTS) {
  await using rig = await startRig(plan);
  await reach(rig);
  // What derives from the last event is on disk a moment later; this script is no test.
  await systemClock.sleep(2000);
  await rig.killWorker();
  await endTree(
    undefined,
    { name: SESSION_MARK, value: rig.file.id },
    { host, clock: systemClock, graceMs: 0 },
  );
  const target = join(import.meta.dirname, `../tests/golden/release-${release}`, name);
  await recordPlace(rig.repo.root, target, { about: `samocode ${release}: ${about}`, repo: 'repo' });
  console.log(`${name}: recorded`);
}
