import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkLimit, decide } from '../../../src/core/kernel/phases/decide.ts';
import { Decision, type JudgedSignal } from '../../../src/core/kernel/phases/decision.ts';
import { ENDING_KINDS } from '../../../src/core/kernel/phases/ending.ts';
import type { Outcome, Rules } from '../../../src/core/kernel/phases/outcome.ts';
import { inPhase, Progress, withChildEnded } from '../../../src/core/kernel/phases/progress.ts';
import {
  MAX_QUALITY_ROUNDS,
  MAX_TEST_RETURNS,
  PHASE_NAMES,
  PHASES,
} from '../../../src/core/kernel/phases/table.ts';
import { BLOCK_RULES } from '../../../src/core/kernel/phases/verdict.ts';
import { childrenAtMost, rehearse, type Walk } from './phase-walk.ts';
import { anyJudgedSignal, anyOutcome, anyProgress, anyRules, anyScript, anyWalk } from './phase-worlds.ts';
import { type Property, property } from './property.ts';

const anyCase = fc.tuple(anyProgress, anyOutcome, anyRules);
type Case = [Progress, Outcome, Rules];

function goesTo(decision: Decision): string | undefined {
  return decision.kind === 'run' || decision.kind === 'limited' ? decision.phase : undefined;
}

function checkTotal([progress, outcome, rules]: Case): void {
  const decision = Decision.parse(decide(progress, outcome, rules));
  assert.deepEqual(decide(progress, outcome, rules), decision);
  const signal = outcome.signal.kind === 'signal' ? outcome.signal.signal : undefined;
  const end = {
    phase: progress.phase,
    ending: outcome.end,
    signal,
    decision,
    treeChanged: outcome.treeChanged,
  };
  assert.equal(Progress.parse(withChildEnded(progress, end)).phase, decision.phase);
}

function checkGates([progress, outcome, rules]: Case): void {
  const { questions, plan } = outcome;
  const to = goesTo(decide(progress, outcome, rules));
  if (progress.phase === 'requirements' && to === 'planning' && rules.gates.qa) {
    assert(questions.asked > 0 && questions.open.length === 0);
  }
  if (progress.phase === 'planning' && to === 'implementation' && rules.gates.plan) {
    assert(plan.exists && plan.approved && !plan.changedSinceApproval);
  }
}

function checkChangedPlan([progress, outcome, rules]: Case): void {
  if (PHASE_NAMES.indexOf(progress.phase) < 4) return;
  const changed = { ...outcome, plan: { ...outcome.plan, changedSinceApproval: true } };
  const gated = { ...rules, gates: { ...rules.gates, plan: true } };
  const decision = decide(progress, changed, gated);
  assert(decision.kind === 'block' || (decision.kind === 'park' && decision.for === 'plan_approval'));
}

function checkMoves([progress, outcome, rules]: Case): void {
  const { phase } = progress;
  const to = goesTo(decide(progress, outcome, rules));
  if (to === undefined || to === phase) return;
  const { signal } = outcome;
  assert(PHASES[phase].next.some((next) => next === to));
  assert(signal.kind === 'signal');
  // Only an approval that is not required, or was already given, lets a wait continue.
  const waitedForNothing =
    phase === 'planning' && to === 'implementation' && signal.signal.status === 'waiting';
  assert(waitedForNothing || (signal.signal.status === 'continue' && signal.signal.phase === to));
}

function checkParks([progress, outcome, rules]: Case): void {
  const decision = decide(progress, outcome, rules);
  if (decision.kind === 'park') assert.equal(decision.phase, progress.phase);
}

function checkBlocks([progress, outcome, rules]: Case): void {
  for (const decision of [decide(progress, outcome, rules), checkLimit(progress)]) {
    if (decision?.kind !== 'block') continue;
    assert(decision.rule in BLOCK_RULES, decision.rule);
    assert(decision.reason.length > 0 && decision.needs.length > 0);
  }
}

function checkDone([progress, outcome, rules]: Case): void {
  if (decide(progress, outcome, rules).kind !== 'done') return;
  assert.equal(progress.phase, 'done');
  assert(outcome.signal.kind === 'signal' && outcome.signal.signal.status === 'done');
  assert.equal(outcome.unacknowledged.length, 0);
}

function checkHandoff([progress, outcome, rules, signal]: [...Case, JudgedSignal]): void {
  const handoff = { kind: 'signal', signal: { ...signal, status: 'handoff' } } as const;
  const decision = decide(progress, { ...outcome, signal: handoff }, rules);
  assert.equal(decision.phase, progress.phase);
  if (decision.kind === 'park') assert.equal(decision.resumePhase, progress.phase);
}

/** Rules for a whole life of a session, whatever its agents do and whenever people act. */
function checkWalk({ steps, rules }: Walk): void {
  const counted = new Map<string, number>();
  let returns = 0;
  let rounds = 0;
  let correctives = 0;
  for (const step of steps) {
    const { from, decision } = step;
    if (step.resetBefore) {
      counted.clear();
      returns = 0;
      rounds = 0;
      correctives = 0;
    }
    if (from === 'planning') assert(step.answered || !rules.gates.qa, 'planned before the answers');
    if (PHASE_NAMES.indexOf(from) >= 4)
      assert(step.approved || !rules.gates.plan, 'built before the approval');

    if (step.counts) counted.set(from, (counted.get(from) ?? 0) + 1);
    assert((counted.get(from) ?? 0) <= PHASES[from].limit, `${from} ran too often`);

    if (from === 'testing' && goesTo(decision) === 'implementation') returns += 1;
    assert(returns <= MAX_TEST_RETURNS, 'too many returns');
    const retry = 'retry' in decision ? decision.retry : undefined;
    const stays = step.status === 'continue' && goesTo(decision) === 'quality' && retry === undefined;
    if (from === 'quality' && stays) rounds += 1;
    assert(rounds <= MAX_QUALITY_ROUNDS, 'too many rounds');

    if (retry === 'corrective') correctives += 1;
    else if (retry === undefined) correctives = 0;
    assert(correctives <= 1, 'a second corrective retry');
  }
}

export const phaseProperties: Property[] = [
  property('deciding never throws and gives a decision that can be recorded', anyCase, checkTotal),
  property('a closed gate is not passed, whatever else is true', anyCase, checkGates),
  property('nothing continues on a changed plan that no person approved', anyCase, checkChangedPlan),
  property('only a continue changes the phase, and only along an edge of the table', anyCase, checkMoves),
  property('a wait never changes the phase', anyCase, checkParks),
  property('every block names a known rule and gives a reason', anyCase, checkBlocks),
  property('done is reached only by done in done, with every message acknowledged', anyCase, checkDone),
  property(
    'a hand-off never changes the phase',
    fc.tuple(anyProgress, anyOutcome, anyRules, anyJudgedSignal),
    checkHandoff,
  ),
  property('gates, limits, rounds, returns and corrections hold over whole lives', anyWalk, checkWalk),
  property('a run of agents ends by itself', anyScript, ([script, rules]) => {
    assert(rehearse(script, rules) <= childrenAtMost(rules));
  }),
  property('entering the current phase changes nothing', anyProgress, (progress) => {
    assert.equal(inPhase(progress, progress.phase), progress);
  }),
  property('every series of endings without a signal ends', anyRules, (rules) => {
    for (const end of ENDING_KINDS) {
      const script = [
        { end, kind: 'none' as const, status: 0, target: 0, changed: true, treeChanged: true, bad: false },
      ];
      assert(rehearse(script, rules) <= rules.maxRetries + 4, end);
    }
  }),
];
