import { expect, test } from 'vitest';
import { type Counted, EffectCounter } from '../../support/counted.ts';
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
  if (process.env.SHOW_EFFECTS)
    for (const part of counter.parts())
      console.log(`## ${part} ${JSON.stringify(counter.of(part))}\n${counter.list(part).join('\n')}`);
  // Where the guard is best effort, a snapshot of the run folder is kept before each agent.
  const snapshot = (await rig.state()).sandbox === 'guard' ? 0 : 1;
  for (const [part, most] of Object.entries(MOST)) {
    const { programs, syncs } = counter.of(part);
    const message = `${part}: ${programs} programs, ${syncs} syncs\n${counter.list(part).join('\n')}`;
    expect(programs, message).toBeLessThanOrEqual(most.programs);
    expect(syncs, message).toBeLessThanOrEqual(most.syncs + snapshot);
  }
});

/**
 * By the agent that ended. Of a plain gap, all but one are the checkpoint: two lists of the worktree's files and one of the
 * documents, the filters if anything has changed, the commits that it stands on, two updates of a private index, two trees, one above them, the commit, its
 * ref; then the documents' blobs, which tell whether anything has changed. Its syncs: the end and the start in the
 * log, each with the overview, the prompt, the blank signal.
 */
const MOST = {
  'agent 1': { programs: 13, syncs: 3 },
  // To a gate: no next agent.
  'agent 2': { programs: 13, syncs: 3 },
  // Commits cost a fetch, an update of refs and the worktree's index, with a note of the tip; then the tip, its
  // difference from the base, and the checks, each in the guard; before the next agent, another look
  // at the worktree.
  'agent 3': { programs: 28, syncs: 7 },
  'agent 4': { programs: 29, syncs: 7 },
  // With a clean clone: its settings, folder, files and refs, the identity, and whether the person signs; the ledger.
  'agent 5': { programs: 32, syncs: 8 },
  'agent 6': { programs: 35, syncs: 8 },
  // The tip before and after, and the state of the worktree; the end, done, the overview and the proof.
  'agent 7': { programs: 17, syncs: 8 },
};

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
