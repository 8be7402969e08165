import { expect, test } from 'vitest';
import { EffectCounter } from '../../support/counted.ts';
import { startRig } from '../../support/session-rig.ts';

test('a whole session starts no more programs and waits for no more syncs than its budget', async () => {
  using counter = new EffectCounter('start');
  await using rig = await startRig({
    here: true,
    sandbox: 'guard',
    lines: { SETUP: 'true', CHECK: 'true' },
    start: { task: 'Name the boats' },
  });
  await rig.untilWaiting('qa_answers');
  counter.begin('answer');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  counter.begin('approve');
  await rig.approve();
  await rig.until(({ status }) => status.kind === 'done');
  const counts = Object.fromEntries(counter.parts().map((part) => [part, counter.of(part)]));
  if (process.env.SHOW_EFFECTS)
    for (const part of counter.parts()) console.log(`## ${part}\n${counter.list(part).join('\n')}`);
  console.log(
    Object.entries(counts)
      .map(([part, { programs, syncs }]) => `${part}: ${programs} / ${syncs}`)
      .join('\n'),
  );
  expect(counts).toBeDefined();
});
