import type { BlockDecision, Decision, JudgedSignal, ParkDecision, RunDecision } from './decision.ts';
import type { Outcome, Rules } from './outcome.ts';
import type { Progress } from './progress.ts';
import { MAX_QUALITY_ROUNDS, MAX_TEST_RETURNS, PHASES, type Phase } from './table.ts';

export type Verdict =
  | { kind: 'legal'; decision: Decision }
  /** `rule` names what was broken; `problem` is told to the child and to people. */
  | { kind: 'refused'; rule: string; problem: string };

/** Holds a well-formed signal against the phase table, the conditions on its edges and the gates. */
export function judgeSignal(
  progress: Progress,
  outcome: Outcome,
  rules: Rules,
  signal: JudgedSignal,
): Verdict {
  const { phase } = progress;
  if (!PHASES[phase].signals.includes(signal.status)) {
    const allowed = PHASES[phase].signals.join(', ');
    return refused(
      'signal_not_allowed',
      `"${signal.status}" may not be signalled in ${phase}; allowed: ${allowed}.`,
    );
  }
  if (signal.unknownPhase !== undefined) {
    return refused('signal_phase', `"${signal.unknownPhase.slice(0, 60)}" is no phase.`);
  }
  switch (signal.status) {
    case 'blocked':
      return legal(blockedByChild(phase, signal));
    case 'handoff':
      return legal(planGuard(progress, outcome, rules, run(phase, handoffNotes(signal))));
    case 'waiting':
      return waits(progress, outcome, rules, signal);
    case 'done':
      return finishes(progress, outcome, rules, signal);
    case 'continue':
      return continues(progress, outcome, rules, signal.phase ?? phase);
    default:
      return signal.status satisfies never;
  }
}

function continues(progress: Progress, outcome: Outcome, rules: Rules, target: Phase): Verdict {
  const { phase } = progress;
  if (target === phase) return stays(progress, outcome, rules);
  if (!PHASES[phase].next.includes(target)) {
    const next = [phase, ...PHASES[phase].next].join(', ');
    return refused('signal_phase', `${phase} can't be followed by ${target}; possible: ${next}.`);
  }
  if (phase === 'requirements') return leavesRequirements(outcome, rules);
  if (phase === 'planning') return leavesPlanning(outcome, rules);
  const condition = brokenCondition(progress, outcome, target);
  if (condition !== undefined) return condition;
  return legal(planGuard(progress, outcome, rules, run(target)));
}

function stays(progress: Progress, outcome: Outcome, rules: Rules): Verdict {
  if (progress.phase === 'quality' && progress.qualityRounds >= MAX_QUALITY_ROUNDS) {
    const reason = `${MAX_QUALITY_ROUNDS} rounds of quality are over and it still wants to mend.`;
    return legal({
      kind: 'block',
      phase: 'quality',
      reason,
      needs: 'human_decision',
      rule: 'quality_rounds',
    });
  }
  return legal(planGuard(progress, outcome, rules, run(progress.phase)));
}

/** The edges that are open only under a condition; undefined where nothing stands in the way. */
function brokenCondition(progress: Progress, outcome: Outcome, target: Phase): Verdict | undefined {
  const edge = `${progress.phase}>${target}`;
  const { untestable } = outcome.plan;
  const changedTree = progress.qualityChangedTree || outcome.treeChanged;
  switch (edge) {
    case 'implementation>quality':
      if (untestable) return undefined;
      return refused('edge_condition', 'Only a plan that says that nothing can be tested skips testing.');
    case 'testing>quality':
      if (!progress.qualitySinceImplementation) return undefined;
      return refused(
        'edge_condition',
        'Quality has reviewed this work already; passed tests now lead to done.',
      );
    case 'testing>done':
      if (progress.qualitySinceImplementation) return undefined;
      return refused(
        'edge_condition',
        'Quality has not reviewed this work yet; passed tests lead to quality.',
      );
    case 'quality>done':
      if (!changedTree || untestable) return undefined;
      return refused('edge_condition', 'Quality changed the code, so it must be tested again.');
    case 'testing>implementation':
      if (progress.testReturns < MAX_TEST_RETURNS) return undefined;
      return legal({
        kind: 'block',
        phase: 'testing',
        reason: `Tests failed again after ${MAX_TEST_RETURNS} returns to implementation.`,
        needs: 'human_decision',
        rule: 'test_returns',
      });
    default:
      return undefined;
  }
}

function leavesRequirements(outcome: Outcome, rules: Rules): Verdict {
  const { asked, open } = outcome.questions;
  if (!rules.gates.qa) return legal(run('planning'));
  if (asked === 0) return legal({ ...park('requirements', 'qa_answers'), askNothingToClarify: true });
  return legal(open.length > 0 ? park('requirements', 'qa_answers') : run('planning'));
}

function leavesPlanning(outcome: Outcome, rules: Rules): Verdict {
  if (!outcome.plan.exists) return refused('no_plan', 'There is no plan document to approve.');
  if (outcome.plan.approved || !rules.gates.plan) return legal(run('implementation'));
  return legal(park('planning', 'plan_approval', 'implementation'));
}

function waits(progress: Progress, outcome: Outcome, rules: Rules, signal: JudgedSignal): Verdict {
  const { phase } = progress;
  const waitsFor = signal.for ?? 'human_action';
  switch (waitsFor) {
    case 'qa_answers':
      if (outcome.questions.open.length > 0) return legal(park(phase, 'qa_answers'));
      return refused('nothing_asked', 'It waits for answers, but _qa.md holds no unanswered question.');
    case 'plan_approval':
      if (phase === 'planning') return leavesPlanning(outcome, rules);
      if (outcome.plan.changedSinceApproval) return legal(park(phase, 'plan_approval'));
      return refused(
        'nothing_to_approve',
        `${phase} may wait for plan_approval only after it changed the plan.`,
      );
    case 'file_update':
      if (signal.file === undefined)
        return refused('no_file', 'A wait for file_update must name the "file".');
      return legal({ ...park(phase, 'file_update'), file: signal.file, ...reasonOf(signal) });
    case 'human_action':
      return legal({ ...park(phase, 'human_action'), ...reasonOf(signal) });
    default:
      return waitsFor satisfies never;
  }
}

function finishes(progress: Progress, outcome: Outcome, rules: Rules, signal: JudgedSignal): Verdict {
  if (outcome.unacknowledged.length > 0) {
    const ids = outcome.unacknowledged.join(', ');
    return refused('messages', `Messages from the human are not acknowledged: ${ids}.`);
  }
  const summary = signal.summary ?? 'Done.';
  return legal(planGuard(progress, outcome, rules, { kind: 'done', phase: 'done', summary }));
}

/** A plan that was changed after its approval is shown to the human before anything else happens. */
function planGuard(
  progress: Progress,
  outcome: Outcome,
  rules: Rules,
  decision: RunDecision | Extract<Decision, { kind: 'done' }>,
): Decision {
  if (!outcome.plan.changedSinceApproval || !rules.gates.plan) return decision;
  const phase = progress.phase;
  return {
    ...park(phase, 'plan_approval', decision.kind === 'done' ? phase : decision.phase),
    reason: 'The plan was changed after its approval.',
  };
}

function blockedByChild(phase: Phase, signal: JudgedSignal): BlockDecision {
  return {
    kind: 'block',
    phase,
    reason: signal.reason ?? 'The child gave no reason.',
    needs: signal.needs ?? 'human_decision',
    rule: 'child_blocked',
  };
}

function handoffNotes(signal: JudgedSignal): string[] {
  return signal.note === undefined ? [] : [`Hand-off from the child before you: ${signal.note}`];
}

function reasonOf(signal: JudgedSignal): { reason?: string } {
  return signal.reason === undefined ? {} : { reason: signal.reason };
}

function run(phase: Phase, notes: string[] = []): RunDecision {
  return { kind: 'run', phase, notes, delay: 'none' };
}

function park(phase: Phase, waitsFor: ParkDecision['for'], resumePhase: Phase = phase): ParkDecision {
  return { kind: 'park', phase, for: waitsFor, resumePhase };
}

function legal(decision: Decision): Verdict {
  return { kind: 'legal', decision };
}

function refused(rule: string, problem: string): Verdict {
  return { kind: 'refused', rule, problem };
}
