import assert from 'node:assert/strict';
import { decide } from '../../../src/core/kernel/phases/decide.ts';
import type { Decision, JudgedSignal } from '../../../src/core/kernel/phases/decision.ts';
import { NO_PLAN, type Outcome, type Rules } from '../../../src/core/kernel/phases/outcome.ts';
import { type Progress, withChildEnded } from '../../../src/core/kernel/phases/progress.ts';
import {
  PHASE_NAMES,
  PHASES,
  type Phase,
  WAITING_FOR,
  WAYS,
  type Way,
} from '../../../src/core/kernel/phases/table.ts';
import { progressIn, RULES, signalled } from '../../support/phase-facts.ts';

interface State {
  progress: Progress;
  outcome: Outcome;
  rules: Rules;
  signal: JudgedSignal;
  decision: Decision;
}

const bools = [false, true] as const;
const written = { ...NO_PLAN, exists: true };
const approved = { ...written, approved: true };
const PLANS = [
  NO_PLAN,
  written,
  { ...written, changedSinceApproval: true },
  approved,
  { ...approved, untestable: true },
  { ...approved, triedInReview: true },
];
const QUESTIONS = [
  { asked: 0, open: [] },
  { asked: 1, open: [] },
  { asked: 1, open: ['Q1'] },
];
const SIGNALS: readonly JudgedSignal[] = [
  ...PHASE_NAMES.map((phase) => ({ status: 'continue' as const, phase })),
  { status: 'continue' },
  { status: 'handoff' },
  { status: 'done' },
  { status: 'blocked' },
  ...WAITING_FOR.map((waitsFor) => ({ status: 'waiting' as const, for: waitsFor, file: 'a.md' })),
];
const MESSAGES = [[], ['M1']];

function isEarly(phase: Phase): boolean {
  return PHASE_NAMES.indexOf(phase) < PHASE_NAMES.indexOf('implementation');
}

/** Calls back with every state in which an agent can end with a signal, and with the decision about it. */
export function forEveryState(look: (state: State) => void): number {
  let count = 0;
  for (const phase of PHASE_NAMES)
    for (const way of WAYS.filter((each) => each !== 'quick' || !isEarly(phase)))
      for (const progress of progresses(phase, way))
        for (const rules of rulesOf(phase))
          for (const given of outcomes())
            for (const signal of SIGNALS)
              for (const unacknowledged of signal.status === 'done' ? MESSAGES : [[]]) {
                const outcome = signalled(signal, { ...given, unacknowledged });
                look({ progress, outcome, rules, signal, decision: decide(progress, outcome, rules) });
                count += 1;
              }
  return count;
}

function progresses(phase: Phase, way: Way): Progress[] {
  return bools.flatMap((qualityChangedTree) =>
    bools.map((qualitySinceImplementation) =>
      progressIn(phase, { way, qualityChangedTree, qualitySinceImplementation }),
    ),
  );
}

/** The choice of a reviewer concerns the work, that of a planner what comes before. */
function rulesOf(phase: Phase): Rules[] {
  const choice = isEarly(phase) ? 'plansApart' : 'review';
  return bools.flatMap((qa) =>
    bools.flatMap((plan) => bools.map((chosen) => ({ ...RULES, [choice]: chosen, gates: { qa, plan } }))),
  );
}

function outcomes(): Partial<Outcome>[] {
  return PLANS.flatMap((plan) =>
    QUESTIONS.flatMap((questions) =>
      bools.flatMap((hasChecks) => bools.map((treeChanged) => ({ plan, questions, hasChecks, treeChanged }))),
    ),
  );
}

/** The phase of the next agent, if none but the agent itself acted. */
function movedTo({ progress, decision }: State): Phase | undefined {
  const isRun = decision.kind === 'run' || decision.kind === 'limited';
  return isRun && decision.phase !== progress.phase ? decision.phase : undefined;
}

/** The phase of the next agent once the person, if one is asked, has acted. */
function leadsTo({ decision }: State): Phase {
  return decision.kind === 'park' ? decision.resumePhase : decision.phase;
}

/** Each throws where a state breaks it; the decisions are those of `decide` alone. */
export const RULES_OF_EVERY_STATE: Readonly<Record<string, (state: State) => void>> = {
  'no plan is made while a question is open'(state) {
    const { progress, outcome, rules } = state;
    const isPlanned = movedTo(state) === 'planning' || movedTo(state) === 'implementation';
    if (!isPlanned || progress.phase === 'planning' || !isEarly(progress.phase) || !rules.gates.qa) return;
    assert(outcome.questions.open.length === 0);
    assert(outcome.questions.asked > 0 || rules.gates.plan, 'no person was asked, and none will be');
  },
  'no work begins without a plan that a person approved as it is now'(state) {
    const { progress, outcome, rules } = state;
    if (!isEarly(progress.phase) || movedTo(state) !== 'implementation') return;
    const { exists, approved: isApproved, changedSinceApproval } = outcome.plan;
    assert(exists);
    assert(!rules.gates.plan || (isApproved && !changedSinceApproval));
  },
  'whoever approves a first plan is told that no agent had a question, and in no other case'({
    progress,
    outcome,
    rules,
    decision,
  }) {
    if (decision.kind !== 'park') return;
    const isFirst = decision.for === 'plan_approval' && isEarly(progress.phase);
    const { plan, questions } = outcome;
    const isUnasked = rules.gates.qa && questions.asked === 0 && !plan.changedSinceApproval;
    assert.equal(decision.unasked === true, isFirst && isUnasked);
  },
  'a plan is approved only once no question about it is open'({ progress, outcome, rules, decision }) {
    if (decision.kind !== 'park' || decision.for !== 'plan_approval' || !rules.gates.qa) return;
    const { phase } = progress;
    if (phase === 'investigation' || phase === 'requirements') assert(outcome.questions.open.length === 0);
  },
  'no phase before planning leads to the work where planning has a model of its own'(state) {
    const { progress, rules } = state;
    if (!rules.plansApart || !isEarly(progress.phase) || progress.phase === 'planning') return;
    assert.notEqual(leadsTo(state), 'implementation');
  },
  'nothing continues on a changed plan that no person approved'({ progress, outcome, rules, decision }) {
    if (isEarly(progress.phase) || !outcome.plan.changedSinceApproval || !rules.gates.plan) return;
    assert(decision.kind === 'block' || (decision.kind === 'park' && decision.for === 'plan_approval'));
  },
  'only a continue changes the phase, and only along an edge of the table'(state) {
    const { progress, signal } = state;
    const to = movedTo(state);
    if (to === undefined) return;
    assert(PHASES[progress.phase].next.includes(to));
    // Only an approval that is not required, or was already given, lets a wait continue.
    const waitedForNothing =
      isEarly(progress.phase) && to === 'implementation' && signal.status === 'waiting';
    assert(waitedForNothing || (signal.status === 'continue' && signal.phase === to));
  },
  'a wait never changes the phase'({ progress, decision }) {
    if (decision.kind === 'park') assert.equal(decision.phase, progress.phase);
  },
  'testing is skipped only in a quick session, or as the approved plan says'(state) {
    const { progress, outcome } = state;
    if (progress.phase !== 'implementation' || movedTo(state) !== 'quality') return;
    const { plan, hasChecks } = outcome;
    const isSaid = plan.untestable || (plan.triedInReview && hasChecks);
    assert(progress.way === 'quick' || (isSaid && plan.approved));
  },
  'only quick work that a command can show is done without a review'(state) {
    const { progress, outcome, rules, decision } = state;
    if (progress.phase !== 'implementation' || decision.kind !== 'done') return;
    assert(progress.way === 'quick' && !rules.review && outcome.hasChecks);
  },
  'tests lead to done only after a review'(state) {
    if (state.progress.phase !== 'testing') return;
    if (leadsTo(state) === 'done') assert(state.progress.qualitySinceImplementation);
  },
  'what quality changed is tested, or a command shows it'(state) {
    const { progress, outcome } = state;
    if (progress.phase !== 'quality' || leadsTo(state) !== 'done') return;
    const changed = progress.qualityChangedTree || outcome.treeChanged;
    assert(!changed || outcome.hasChecks || outcome.plan.untestable);
  },
  'done is signalled in a phase that may end, with every message acknowledged'({
    progress,
    outcome,
    signal,
    decision,
  }) {
    if (decision.kind !== 'done') return;
    assert(PHASES[progress.phase].signals.includes('done') && signal.status === 'done');
    assert.equal(outcome.unacknowledged.length, 0);
  },
  'a session that goes back before the work is a full one, and no session becomes quick'(state) {
    const { progress, outcome, signal, decision } = state;
    const { phase, way } = progress;
    const { treeChanged, end: ending } = outcome;
    const ended = withChildEnded(progress, { phase, ending, signal, decision, treeChanged });
    const goesBack = !isEarly(phase) && isEarly(leadsTo(state));
    if (goesBack) assert.equal(way, 'quick');
    assert.equal(ended.way, goesBack ? 'full' : way);
  },
};
