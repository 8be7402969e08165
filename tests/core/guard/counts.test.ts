import { expect, test } from 'vitest';
import { type Counted, EffectCounter } from '../../support/counted.ts';
import { startRig } from '../../support/session-rig.ts';

test('the start, each take-over and each agent of a session stay within their budgets of programs and syncs', async () => {
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
  await rig.until(({ status }) => status.kind === 'done');
  if (process.env.SHOW_EFFECTS)
    for (const part of counter.parts())
      console.log(`## ${part} ${JSON.stringify(counter.of(part))}\n${counter.list(part).join('\n')}`);
  expect(counter.list('start').join('\n')).toMatch(/ \/dev\/null .* \{"testedGuard":"\/.*bwrap \d/m);
  // Where the guard is best effort, a snapshot of the run folder is kept before each agent.
  const snapshot = (await rig.state()).sandbox === 'guard' ? 0 : 1;
  const agents = Object.entries(AGENTS).map(([part, most]) => [
    part,
    { ...most, syncs: most.syncs + snapshot },
  ]);
  requireWithin(counter, {
    ...Object.fromEntries(agents),
    start: START,
    'base run': BASE_RUN,
    answer: TAKE_OVER,
    approve: TAKE_OVER,
  });
});

/**
 * Budgets, by the agent that ended. All of a plain gap are the checkpoint, but for the settings where agents reach them,
 * which else are asked for the filters: two lists of the worktree's files and one of the documents; an update of the
 * documents' index, their tree, a look whether all of the commit is there, its ref. Its syncs: the
 * end and the start in the log, each with the overview, the prompt, the blank signal.
 */
const AGENTS: Readonly<Record<string, Counted>> = {
  'agent 1': { programs: 8, syncs: 3 },
  // To a gate: no next agent.
  'agent 2': { programs: 8, syncs: 3 },
  // Commits cost a fetch, an update of refs and the worktree's index, with a note of the tip; the commits that the
  // checkpoint stands on, the worktree's private index and tree; then the tip, its difference from the base, and the
  // checks, each in the guard; before the next agent, another look at the worktree.
  'agent 3': { programs: 23, syncs: 7 },
  'agent 4': { programs: 24, syncs: 7 },
  // With a clean clone: its settings, folder, files and refs, the identity, and whether the person signs; the ledger.
  'agent 5': { programs: 28, syncs: 8 },
  'agent 6': { programs: 31, syncs: 8 },
  // The tip before and after, and the state of the worktree; the end, done, the overview and the proof.
  'agent 7': { programs: 16, syncs: 8 },
};

/**
 * Up to the agent: with its checkpoint, private git folder and prompt. A worker in a separate program starts one less,
 * because the act passes on that it has tested the guard.
 */
const START: Counted = { programs: 24, syncs: 19 };
/**
 * The act that starts the worker included: a program, and a command with its folder. Most are the checkpoint, by plain
 * git, and the settings of git, which are asked for each time.
 */
const TAKE_OVER: Counted = { programs: 20, syncs: 12 };
/** The checks on the base commit run in the background, once for each commit. */
const BASE_RUN: Counted = { programs: 8, syncs: 3 };

function requireWithin(counter: EffectCounter, budgets: Readonly<Record<string, Counted>>): void {
  for (const [part, budget] of Object.entries(budgets)) {
    const { programs, syncs } = counter.of(part);
    const list = counter.list(part).join('\n');
    const message = `${part}: ${programs} programs of ${budget.programs}, ${syncs} syncs of ${budget.syncs}\n${list}`;
    expect(programs <= budget.programs && syncs <= budget.syncs, message).toBe(true);
  }
}
