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
  for (const [part, { programs }] of Object.entries(MOST_AFTER_APPROVAL))
    expect(counts[part]?.programs, `${part}\n${counter.list(part).join('\n')}`).toBeLessThanOrEqual(programs);
});

/**
 * After the approval of the plan, by the agent that ended. Commits cost a fetch, one update of refs and the worktree's
 * index; a tip that moved, its hash and its difference from the base. What a check runs on counts too.
 */
const MOST_AFTER_APPROVAL = {
  'agent 5': { programs: 26 },
  'agent 6': { programs: 27 },
  'agent 7': { programs: 29 },
  // To quality, with a clean clone: its settings, folder, files and refs, the identity, and whether the user signs.
  'agent 8': { programs: 41 },
  'agent 9': { programs: 25 },
  'agent 10': { programs: 18 },
  // To done: the tip before and after, and the state of the worktree.
  'agent 11': { programs: 14 },
};
