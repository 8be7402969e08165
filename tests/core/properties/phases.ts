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
} from '../../../src/core/kernel/phases/table.ts';
import { BLOCK_RULES } from '../../../src/core/kernel/phases/verdict.ts';
import { read } from '../../support/phase-facts.ts';
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

function checkBlocks([progress, outcome, rules]: Case): void {
  for (const decision of [decide(progress, outcome, rules), checkLimit(progress)]) {
    if (decision?.kind !== 'block') continue;
    assert(decision.rule in BLOCK_RULES, decision.rule);
    assert(decision.reason.length > 0 && decision.needs.length > 0);
  }
}

function checkHandoff([progress, outcome, rules, signal]: [...Case, JudgedSignal]): void {
  const handoff = { kind: 'signal', signal: read({ ...signal, status: 'handoff' }) } as const;
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

    const isOfWorker = step.refused !== undefined && decision.kind !== 'block';
    const failed = from === 'testing' && goesTo(decision) === 'implementation';
    if (failed || (isOfWorker && step.refused === 'return')) returns += 1;
    assert(returns <= MAX_TEST_RETURNS, 'too many returns');
    const retry = 'retry' in decision ? decision.retry : undefined;
    const stays = step.status === 'continue' && goesTo(decision) === 'quality' && retry === undefined;
    if (from === 'quality' && (stays || (isOfWorker && step.refused === 'round'))) rounds += 1;
    assert(rounds <= MAX_QUALITY_ROUNDS, 'too many rounds');

    if (retry === 'corrective') correctives += 1;
    else if (retry === undefined) correctives = 0;
    assert(correctives <= 1, 'a second corrective retry');
  }
}

export const phaseProperties: Property[] = [
  property('deciding never throws and gives a decision that can be recorded', anyCase, checkTotal),
  property('every block names a known rule and gives a reason', anyCase, checkBlocks),
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
        {
          end,
          kind: 'none' as const,
          status: 0,
          target: 0,
          changed: true,
          treeChanged: true,
          bad: false,
          found: 'nothing' as const,
        },
      ];
      assert(rehearse(script, rules) <= rules.maxRetries + 4, end);
    }
  }),
];
