import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkLimit, decide } from '../../../src/core/kernel/phases/decide.ts';
import { Decision, type JudgedSignal } from '../../../src/core/kernel/phases/decision.ts';
import { ENDING_KINDS } from '../../../src/core/kernel/phases/ending.ts';
import type { Outcome, Rules } from '../../../src/core/kernel/phases/outcome.ts';
import { inPhase, Progress, withChildEnded } from '../../../src/core/kernel/phases/progress.ts';
import {
  limitOf,
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

export function checkGates([progress, outcome, rules]: Case): void {
  const { questions, plan } = outcome;
  const { phase } = progress;
  const to = goesTo(decide(progress, outcome, rules));
  const isBefore = PHASE_NAMES.indexOf(phase) < 4;
  if (to === undefined || to === phase || !isBefore) return;
  if (to !== 'planning' && to !== 'implementation') return;
  if (rules.gates.qa && phase !== 'planning') {
    assert(questions.open.length === 0);
    // No question at all: a person is still asked, here or at the plan.
    assert(questions.asked > 0 || rules.gates.plan);
  }
  if (to === 'implementation' && rules.gates.plan)
    assert(plan.exists && plan.approved && !plan.changedSinceApproval);
}

/** Work is done without a reviewer only in a quick session with a command that can show it. */
export function checkReviewed([progress, outcome, rules]: Case): void {
  if (decide(progress, outcome, rules).kind !== 'done') return;
  const { phase, way, qualitySinceImplementation } = progress;
  if (phase === 'implementation') assert(way === 'quick' && !rules.review && outcome.hasChecks);
  if (phase === 'testing') assert(qualitySinceImplementation);
  if (phase === 'quality')
    assert(
      outcome.hasChecks || outcome.plan.untestable || !(progress.qualityChangedTree || outcome.treeChanged),
    );
}

/** Only a session without an approved plan can widen, and it never narrows. */
export function checkWidens([progress, outcome, rules]: Case): void {
  const decision = decide(progress, outcome, rules);
  const signal = outcome.signal.kind === 'signal' ? outcome.signal.signal : undefined;
  const end = {
    phase: progress.phase,
    ending: outcome.end,
    signal,
    decision,
    treeChanged: outcome.treeChanged,
  };
  const { way } = withChildEnded(progress, end);
  if (way !== progress.way) assert(progress.way === 'quick' && way === 'full' && goesBefore(decision));
}

function goesBefore(decision: Decision): boolean {
  const target = decision.kind === 'park' ? decision.resumePhase : decision.phase;
  return PHASE_NAMES.indexOf(target) < 4;
}

function checkChangedPlan([progress, outcome, rules]: Case): void {
  if (PHASE_NAMES.indexOf(progress.phase) < 4) return;
  const changed = { ...outcome, plan: { ...outcome.plan, changedSinceApproval: true } };
  const gated = { ...rules, gates: { ...rules.gates, plan: true } };
  const decision = decide(progress, changed, gated);
  assert(decision.kind === 'block' || (decision.kind === 'park' && decision.for === 'plan_approval'));
}

export function checkMoves([progress, outcome, rules]: Case): void {
  const { phase } = progress;
  const to = goesTo(decide(progress, outcome, rules));
  if (to === undefined || to === phase) return;
  const { signal } = outcome;
  assert(PHASES[phase].next.some((next) => next === to));
  assert(signal.kind === 'signal');
  // Only an approval that is not required, or was already given, lets a wait continue.
  const waitedForNothing =
    PHASE_NAMES.indexOf(phase) < 4 && to === 'implementation' && signal.signal.status === 'waiting';
  // The worker's own returns are no moves of decide().
  assert(waitedForNothing || (signal.signal.status === 'continue' && signal.signal.phase === to));
}

export function checkParks([progress, outcome, rules]: Case): void {
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

export function checkDone([progress, outcome, rules]: Case): void {
  if (decide(progress, outcome, rules).kind !== 'done') return;
  assert(PHASES[progress.phase].signals.includes('done'));
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
  let isWide = false;
  for (const step of steps) {
    const { from, decision } = step;
    if (step.resetBefore) {
      counted.clear();
      returns = 0;
      rounds = 0;
      correctives = 0;
    }
    if (from === 'planning')
      assert(step.answered || !rules.gates.qa || rules.gates.plan, 'planned before the answers');
    if (PHASE_NAMES.indexOf(from) >= 4 && step.way !== 'quick') {
      assert(step.approved || !rules.gates.plan, 'built before the approval');
      assert(step.answered || step.approved || !rules.gates.qa, 'built before a person was asked');
    }
    if (decision.kind === 'done' && step.way !== 'quick') assert(step.reviewed, 'done without a review');
    if (step.way === 'quick') assert(PHASE_NAMES.indexOf(from) >= 4, 'a quick session plans');
    if (step.way !== 'quick') isWide = true;
    else assert(!isWide, 'it narrowed');

    if (step.counts) counted.set(from, (counted.get(from) ?? 0) + 1);
    assert((counted.get(from) ?? 0) <= limitOf(from, step.way), `${from} ran too often`);

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
  property('work is done without a review only in a quick session', anyCase, checkReviewed),
  property('a quick session can widen, and no session narrows', anyCase, checkWidens),
  property(
    'done is reached only from a phase that may end, by done in done, with every message acknowledged',
    anyCase,
    checkDone,
  ),
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
