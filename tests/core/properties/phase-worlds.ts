import fc from 'fast-check';
import type { CompleteSignal } from '../../../src/core/kernel/phases/decision.ts';
import { ENDING_KINDS } from '../../../src/core/kernel/phases/ending.ts';
import type { Outcome, Rules } from '../../../src/core/kernel/phases/outcome.ts';
import type { Progress } from '../../../src/core/kernel/phases/progress.ts';
import {
  PHASE_NAMES,
  type Phase,
  SIGNAL_STATUSES,
  WAITING_FOR,
  WAYS,
} from '../../../src/core/kernel/phases/table.ts';
import { read } from '../../support/phase-facts.ts';
import { type ChildAct, FINDINGS, live, type Walk } from './phase-walk.ts';

const anyPhase = fc.constantFrom(...PHASE_NAMES);
const few = fc.oneof(fc.nat(4), fc.nat(120));

export const anyPatience: fc.Arbitrary<Rules['patience']> = fc.record({
  quickMs: fc.nat(3_600_000),
  firstMs: fc.integer({ min: 60_000, max: 120_000 }),
  maxMs: fc.integer({ min: 36_000, max: 168 * 3_600_000 }),
});

export const anyRules: fc.Arbitrary<Rules> = fc.record({
  gates: fc.record({ qa: fc.boolean(), plan: fc.boolean() }),
  review: fc.boolean(),
  plansApart: fc.boolean(),
  maxRetries: fc.nat(5),
  patience: anyPatience,
});

const anyCounts: fc.Arbitrary<Progress['counted']> = fc
  .array(few, { minLength: PHASE_NAMES.length, maxLength: PHASE_NAMES.length })
  // Every phase is a key, which the type of fromEntries does not express.
  .map(
    (counts) =>
      Object.fromEntries(PHASE_NAMES.map((name, at) => [name, counts[at]])) as Record<Phase, number>,
  );

export const anyProgress: fc.Arbitrary<Progress> = fc.record({
  phase: anyPhase,
  way: fc.constantFrom(...WAYS),
  counted: anyCounts,
  phaseIteration: few,
  totalIterations: few,
  qualityRounds: few,
  testReturns: few,
  qualitySinceImplementation: fc.boolean(),
  qualityChangedTree: fc.boolean(),
  failureCounts: fc.record({ corrected: fc.boolean(), failures: few }),
});

export const anyJudgedSignal: fc.Arbitrary<CompleteSignal> = fc
  .record(
    {
      status: fc.constantFrom(...SIGNAL_STATUSES),
      phase: anyPhase,
      unknownPhase: fc.string(),
      for: fc.constantFrom(...WAITING_FOR),
      reason: fc.string(),
      needs: fc.string({ minLength: 1 }),
      note: fc.string(),
      summary: fc.string(),
      file: fc.string(),
      acknowledged: fc.array(fc.string()),
    },
    { requiredKeys: ['status'] },
  )
  .map((signal) => read(signal));

const anySignal: fc.Arbitrary<Outcome['signal']> = fc.oneof(
  { weight: 4, arbitrary: anyJudgedSignal.map((signal) => ({ kind: 'signal' as const, signal })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'none' as const }) },
  { weight: 1, arbitrary: fc.string().map((problem) => ({ kind: 'malformed' as const, problem })) },
);

export const anyOutcome: fc.Arbitrary<Outcome> = fc.record(
  {
    end: fc.constantFrom(...ENDING_KINDS),
    signal: anySignal,
    stopAsked: fc.boolean(),
    problem: fc.string(),
    outage: fc.record({ tries: fc.integer({ min: 1, max: 1200 }), workedMs: fc.nat() }),
    limitedUntil: fc.double({ noNaN: true, noDefaultInfinity: true }),
    changed: fc.boolean(),
    treeChanged: fc.boolean(),
    questions: fc.record({ asked: fc.nat(3), open: fc.array(fc.string(), { maxLength: 2 }) }),
    plan: fc.record({
      exists: fc.boolean(),
      approved: fc.boolean(),
      changedSinceApproval: fc.boolean(),
      untestable: fc.boolean(),
      triedInReview: fc.boolean(),
    }),
    hasChecks: fc.boolean(),
    unacknowledged: fc.array(fc.string(), { maxLength: 2 }),
  },
  {
    requiredKeys: [
      'end',
      'signal',
      'changed',
      'treeChanged',
      'questions',
      'plan',
      'unacknowledged',
      'hasChecks',
    ],
  },
);

/** Mostly valid, so that lives go far; sometimes anything. */
const anyAct: fc.Arbitrary<ChildAct> = fc.record({
  end: fc.oneof(
    { weight: 5, arbitrary: fc.constant('signalled' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...ENDING_KINDS) },
  ),
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant('signal' as const) },
    { weight: 1, arbitrary: fc.constantFrom('none' as const, 'malformed' as const) },
  ),
  // The first signal is the one that continues.
  status: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
  target: fc.nat(3),
  changed: fc.boolean(),
  treeChanged: fc.boolean(),
  bad: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  found: fc.oneof(
    { weight: 3, arbitrary: fc.constant('nothing' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...FINDINGS) },
  ),
});

const anyActs = fc.array(anyAct, { minLength: 1, maxLength: 30 });

/** The repeated actions of the agents of one uninterrupted run. */
export const anyScript = fc.tuple(anyActs, anyRules);

/** A life of 300 agents with people who randomly answer, approve, resume or change the plan's approval. */
export const anyWalk: fc.Arbitrary<Walk> = fc
  .tuple(
    anyActs,
    anyRules,
    fc.array(
      fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      { minLength: 1, maxLength: 12 },
    ),
    fc.constantFrom(...WAYS),
  )
  .map(([acts, rules, resets, way]) => live(acts, rules, resets, way));
