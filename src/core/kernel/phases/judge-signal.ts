import type { CompleteSignal } from './decision.ts';
import { EDGE_CONDITIONS, type Facts } from './edge-conditions.ts';
import { followsPlan, MAX_QUALITY_ROUNDS, PHASES, type Phase } from './table.ts';
import { block, faultOf, legal, noteWith, park, run, type Verdict } from './verdict.ts';

/** Judges a well-formed signal by the phase table, the conditions on its edges and the gates. */
export function judgeSignal(facts: Facts, signal: CompleteSignal): Verdict {
  const { phase } = facts.progress;
  const allowed = PHASES[phase].signals;
  if (!allowed.includes(signal.status)) {
    const problem = `"${signal.status}" may not be signalled in ${phase}; allowed: ${allowed.join(', ')}.`;
    return faultOf('signal_not_allowed', problem);
  }
  // A named phase matters only for `continue`.
  switch (signal.status) {
    case 'blocked':
      return legal({ ...block(phase, 'child_blocked', signal.reason), needs: signal.needs });
    case 'handoff':
      return legal(run(phase, [noteWith('Hand-off from the agent before you', signal.note)]));
    case 'waiting':
      return waits(facts, signal);
    case 'done':
      return finishes(facts, signal.summary);
    case 'continue':
      return continues(facts, signal);
    default:
      return signal satisfies never;
  }
}

/**
 * Whether an agent started now could end with this signal: it would be accepted with the effect it names,
 * once the agent has asked the question or written the plan that it waits for.
 */
export function mayEndWith(facts: Facts, signal: CompleteSignal): boolean {
  const { questions, plan } = facts.outcome;
  const itsWork = {
    questions: { ...questions, open: ['its own'] },
    plan: {
      exists: true,
      approved: false,
      changedSinceApproval: plan.approved,
      untestable: false,
      triedInReview: false,
    },
  };
  const isWait = signal.status === 'waiting';
  const outcome = { ...facts.outcome, ...(isWait && itsWork) };
  const verdict = judgeSignal({ ...facts, outcome }, signal);
  if (verdict.kind === 'refused') return false;
  const { decision } = verdict;
  if (decision.kind === 'block') return signal.status === 'blocked';
  // `continue` at a closed gate is a wait, unless the worker has its own question to ask.
  return decision.kind !== 'park' || isWait || decision.askNothingToClarify === true;
}

function continues(facts: Facts, signal: CompleteSignal): Verdict {
  const { phase } = facts.progress;
  if (signal.unknownPhase !== undefined) {
    return faultOf('signal_phase', `"${signal.unknownPhase.slice(0, 60)}" is not a phase.`);
  }
  const target = signal.phase ?? phase;
  if (target === phase) return stays(facts);
  if (!PHASES[phase].next.includes(target)) {
    const possible = [phase, ...PHASES[phase].next].join(', ');
    return faultOf('signal_phase', `${phase} can't be followed by ${target}; possible: ${possible}.`);
  }
  return moves(facts, target);
}

function stays({ progress }: Facts): Verdict {
  if (progress.phase !== 'quality' || progress.qualityRounds < MAX_QUALITY_ROUNDS) {
    return legal(run(progress.phase));
  }
  const reason = `After ${MAX_QUALITY_ROUNDS} quality rounds, the quality agent still requests changes.`;
  return legal(block('quality', 'quality_rounds', reason));
}

function moves(facts: Facts, target: Phase): Verdict {
  return closedEdge(facts, target) ?? legal(run(target));
}

function closedEdge(facts: Facts, target: Phase): Verdict | undefined {
  const { phase } = facts.progress;
  return EDGE_CONDITIONS.find(({ from, to, holds }) => from === phase && to === target && !holds(facts))
    ?.otherwise;
}

function waits(facts: Facts, signal: Extract<CompleteSignal, { status: 'waiting' }>): Verdict {
  const { phase } = facts.progress;
  const possible = PHASES[phase].waits;
  const { for: waitsFor } = signal;
  if (!possible.includes(waitsFor)) {
    const problem = `${phase} can't wait for ${waitsFor}; possible: ${possible.join(', ')}.`;
    return faultOf('wait_not_allowed', problem);
  }
  const reason = signal.reason === undefined ? {} : { reason: signal.reason };
  switch (waitsFor) {
    case 'qa_answers':
      // Applies even if GATES skips this gate: an asked question still needs an answer.
      if (facts.outcome.questions.open.length > 0)
        return legal({
          ...park(phase, waitsFor, phase === 'investigation' ? 'requirements' : phase),
          ...reason,
        });
      return faultOf('nothing_asked', 'It waits for answers, but _qa.md has no unanswered question.');
    case 'plan_approval':
      return waitsForApproval(facts);
    case 'file_update':
      if (signal.file === undefined) {
        return faultOf('no_file', 'A wait for file_update must name the "file".');
      }
      return legal({ ...park(phase, waitsFor), file: signal.file, ...reason });
    case 'human_action':
      return legal({ ...park(phase, waitsFor), ...reason });
    default:
      return waitsFor satisfies never;
  }
}

function waitsForApproval(facts: Facts): Verdict {
  const { phase } = facts.progress;
  if (!followsPlan(phase)) return moves(facts, 'implementation');
  if (!facts.outcome.plan.changedSinceApproval) {
    const problem = `${phase} may wait for plan_approval only after it changed the plan.`;
    return faultOf('nothing_to_approve', problem);
  }
  return legal(facts.rules.gates.plan ? park(phase, 'plan_approval') : run(phase));
}

function finishes(facts: Facts, summary: string): Verdict {
  const closed = closedEdge(facts, 'done');
  if (closed !== undefined) return closed;
  const { outcome } = facts;
  if (outcome.unacknowledged.length > 0) {
    const ids = outcome.unacknowledged.join(', ');
    return faultOf('messages', `Messages from the human are not acknowledged: ${ids}.`);
  }
  return legal({ kind: 'done', phase: 'done', summary });
}
