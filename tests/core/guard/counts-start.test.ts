import { expect, test } from 'vitest';
import { type Counted, EffectCounter } from '../../support/counted.ts';
import { startRig } from '../../support/session-rig.ts';

/**
 * Up to the agent: with its checkpoint, private git folder and prompt. A worker in a separate program starts one less,
 * because the act passes on that it has tested the guard.
 */
const START: Counted = { programs: 35, syncs: 23 };
/**
 * The act that starts the worker included: a program, and a command with its folder. Most are the checkpoint, by plain
 * git, and the settings of git, which are asked for each time.
 */
const TAKE_OVER: Counted = { programs: 21, syncs: 12 };
/** The checks on the base commit run in the background, once for each commit. */
const BASE_RUN: Counted = { programs: 8, syncs: 3 };

test('a start and a take-over start no more programs and wait for no more syncs than their budgets', async () => {
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
  counter.begin('approve');
  await rig.approve();
  await rig.until(({ lastIteration }) => (lastIteration?.iteration ?? 0) >= 5);
  expect(counter.list('start').join('\n')).toMatch(/ \/dev\/null .* \{"testedGuard":"\/.*bwrap \d/m);
  requireWithin(counter, { start: START, 'base run': BASE_RUN, answer: TAKE_OVER, approve: TAKE_OVER });
});

function requireWithin(counter: EffectCounter, budgets: Readonly<Record<string, Counted>>): void {
  for (const [part, budget] of Object.entries(budgets)) {
    const { programs, syncs } = counter.of(part);
    const list = counter.list(part).join('\n');
    const message = `${part}: ${programs} programs of ${budget.programs}, ${syncs} syncs of ${budget.syncs}\n${list}`;
    expect(programs <= budget.programs && syncs <= budget.syncs, message).toBe(true);
  }
}
