// @module-tag ci
import { expect, test } from 'vitest';
import { decide } from '../../../../src/core/kernel/phases/decide.ts';
import type { Decision, JudgedSignal } from '../../../../src/core/kernel/phases/decision.ts';
import type { Outcome } from '../../../../src/core/kernel/phases/outcome.ts';
import { NO_PLAN } from '../../../../src/core/kernel/phases/outcome.ts';
import { PHASE_NAMES, PHASES, type Phase, type Way } from '../../../../src/core/kernel/phases/table.ts';
import { parseSignal } from '../../../../src/core/session/documents/signal.ts';
import { assemblePrompt } from '../../../../src/core/worker/prompt/assemble.ts';
import { progressIn, RULES, signalled } from '../../../support/phase-facts.ts';
import { promptState } from '../../../support/prompt-states.ts';

const written = { ...NO_PLAN, exists: true };
const approved = { ...written, approved: true };
const PLANS = [NO_PLAN, written, approved, { ...approved, untestable: true }];
const inReview = { ...approved, triedInReview: true };
const PLANNED = [
  ...PLANS.map((plan) => ({ plan, hasChecks: true })),
  ...[approved, inReview].map((plan) => ({ plan, hasChecks: false })),
  { plan: inReview, hasChecks: true },
];
const QUESTIONS = [
  { asked: 0, open: [] },
  { asked: 2, open: ['Q2'] },
  { asked: 2, open: [] },
];
const either = [false, true];
const SITUATIONS = PLANNED.flatMap((planned) =>
  QUESTIONS.flatMap((questions) =>
    either.flatMap((qa) =>
      [0, 3].flatMap((used) =>
        either.flatMap((qualityChangedTree) =>
          either.map((qualitySinceImplementation) => ({
            outcome: { ...planned, questions },
            rules: { ...RULES, gates: { qa, plan: true } },
            way: 'full' as Way,
            counts: {
              testReturns: used,
              qualityRounds: used,
              qualityChangedTree,
              qualitySinceImplementation,
            },
          })),
        ),
      ),
    ),
  ),
);
type Situation = (typeof SITUATIONS)[number];

test.each(PHASE_NAMES)('the worker accepts every signal that a prompt of %s lists', (phase) => {
  const refused = SITUATIONS.flatMap((situation) =>
    printed(phase, situation)
      .filter((signal) => ends(phase, situation, signal).length === 0)
      .map((signal) => ({ signal, ...situation })),
  );
  expect(refused).toEqual([]);
});

test('the worker accepts every signal that a prompt of quick work lists', () => {
  const quick = SITUATIONS.filter(({ outcome }) => !outcome.plan.exists || !outcome.hasChecks).flatMap(
    (one) => either.map((review) => ({ ...one, way: 'quick' as const, rules: { ...one.rules, review } })),
  );
  const lists = quick.map((one) => ({ one, signals: printed('implementation', one) }));
  const refused = lists.flatMap(({ one, signals }) =>
    signals.filter((signal) => ends('implementation', one, signal).length === 0),
  );
  expect(refused).toEqual([]);
  for (const { one, signals } of lists)
    expect(signals.some(({ status }) => status === 'done')).toBe(one.outcome.hasChecks && !one.rules.review);
});

test.each(PHASE_NAMES)('a prompt of %s omits no signal that the worker would accept', (phase) => {
  const missing = SITUATIONS.flatMap((situation) => {
    const listed = new Set(printed(phase, situation).flatMap((signal) => ends(phase, situation, signal)));
    return everySignal(phase)
      .filter((signal) => ends(phase, situation, signal).some((end) => !listed.has(end)))
      .map((signal) => ({ signal, ...situation }));
  });
  expect(missing).toEqual([]);
});

test('a plan is described as approved only if it is', () => {
  for (const situation of SITUATIONS) {
    const wanted = situation.outcome.plan.approved ? ['implementation'] : [];
    expect(targets(printed('planning', situation))).toEqual(wanted);
  }
});

test.each<[Phase, Partial<Situation['counts']>, Phase[]]>([
  ['testing', {}, ['implementation', 'quality']],
  ['testing', { qualitySinceImplementation: true }, ['implementation', 'done']],
  ['testing', { testReturns: 3 }, ['quality']],
  ['quality', {}, ['quality', 'testing']],
  ['quality', { qualityRounds: 3 }, ['testing']],
  ['implementation', {}, ['implementation', 'testing']],
])('an agent of %s with %j may continue to %j', (phase, counts, wanted) => {
  const prompt = assemblePrompt(promptState(phase, { progress: progressIn(phase, counts) }));
  expect(targets(signalsOf(prompt, phase)).sort()).toEqual([...wanted].sort());
});

test.each([true, false])(
  'quality that changed the work ends the session if a command can show it: %j',
  (hasChecks) => {
    const progress = progressIn('quality', { qualityChangedTree: true });
    const signals = signalsOf(assemblePrompt(promptState('quality', { progress, hasChecks })), 'quality');
    expect(signals.some(({ status }) => status === 'done')).toBe(hasChecks);
    expect(targets(signals)).toContain('testing');
  },
);

test('a reason for a proposal is accepted with every exit from implementation', () => {
  const outcome = { plan: { ...approved, untestable: true } };
  for (const to of ['implementation', 'testing', 'quality'] as const) {
    const signal = `{"status":"continue","phase":"${to}","reason":"one proposal: a constant is renamed"}`;
    const reading = parseSignal(signal, 'implementation');
    const decision =
      reading.kind === 'signal' &&
      decide(progressIn('implementation'), signalled(reading.signal, outcome), RULES);
    expect(decision).toMatchObject({ kind: 'run', phase: to, notes: [] });
    expect(reading).toHaveProperty('signal.reason', 'one proposal: a constant is renamed');
  }
  expect(assemblePrompt(promptState('implementation'))).toContain('`"reason":"one proposal: [why]"`');
});

/** The signals listed in the prompt of an agent that starts in this situation. */
function printed(phase: Phase, { outcome, rules, counts, way }: Situation): JudgedSignal[] {
  const { plan } = outcome;
  const prompt = assemblePrompt(
    promptState(phase, {
      progress: progressIn(phase, { ...counts, way }),
      rules,
      hasChecks: outcome.hasChecks,
      questions: { ...outcome.questions, answers: [] },
      plan: plan.exists ? { name: 'p.md', outcome: plan, testing: undefined, phases: [] } : undefined,
    }),
  );
  return signalsOf(prompt, phase);
}

function signalsOf(prompt: string, phase: Phase): JudgedSignal[] {
  const [, list = ''] = prompt.split('\nWrite the first of these whose words are true:\n\n');
  return [...list.matchAll(/`(\{.*\})`/g)].flatMap(([, json]) => {
    const reading = parseSignal(json, phase);
    return reading.kind === 'signal' ? [reading.signal] : [];
  });
}

function targets(signals: readonly JudgedSignal[]): Phase[] {
  return signals.flatMap(({ status, phase }) => (status === 'continue' && phase ? [phase] : []));
}

/**
 * Every signal of the phase table except a `continue` within a phase, which a hand-off covers, and one from quality to
 * done, which earlier builds asked for.
 */
function everySignal(phase: Phase): JudgedSignal[] {
  const isKept = (to: Phase) => phase === 'quality' && to === 'done';
  return [
    ...PHASE_NAMES.filter((to) => to !== phase && !isKept(to)).map((to) => ({
      status: 'continue' as const,
      phase: to,
    })),
    ...PHASES[phase].waits.map((waitsFor) => ({
      status: 'waiting' as const,
      for: waitsFor,
      file: 'a.md',
    })),
    ...(['handoff', 'blocked', 'done'] as const).map((status) => ({ status })),
  ];
}

/** The phase that the worker continues with, with or without changed code, if the agent did what it claims. */
function ends(phase: Phase, { outcome, rules, counts, way }: Situation, signal: JudgedSignal): string[] {
  const decisions = either.map((treeChanged) => {
    const found = { ...withItsWork(outcome, signal), treeChanged };
    return decide(progressIn(phase, { ...counts, way }), signalled(signal, found, phase), rules);
  });
  return decisions.filter((decision) => isAccepted(decision, signal)).map(inShort);
}

function withItsWork(
  { plan, questions, hasChecks }: Situation['outcome'],
  signal: JudgedSignal,
): Partial<Outcome> {
  switch (signal.status === 'waiting' ? signal.for : undefined) {
    case 'qa_answers':
      return {
        plan,
        hasChecks,
        questions: { asked: questions.asked + 1, open: [...questions.open, 'R2Q1'] },
      };
    case 'plan_approval':
      return { questions, hasChecks, plan: { ...written, changedSinceApproval: plan.approved } };
    default:
      return { plan, questions, hasChecks };
  }
}

function isAccepted(decision: Decision, { status }: JudgedSignal): boolean {
  if (decision.kind === 'block') return status === 'blocked';
  return !('retry' in decision);
}

function inShort(decision: Decision): string {
  return decision.kind === 'park'
    ? `park ${decision.for} ${decision.askNothingToClarify ?? ''}`
    : `${decision.kind} ${decision.phase}`;
}
