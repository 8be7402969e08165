import type { Decision, ParkDecision } from './decision.ts';
import type { Facts } from './edge-conditions.ts';
import { followsPlan } from './table.ts';
import { park } from './verdict.ts';

const PLAN_CHANGED = 'The plan was changed after its approval.';

/**
 * Parks instead of going on where a child changed the approved plan, however that child ended: nothing
 * runs by a plan that the human has not seen. A block stays: the human looks anyway.
 */
export function showChangedPlan({ progress, outcome, rules }: Facts, decision: Decision): Decision {
  const { phase } = progress;
  if (!rules.gates.plan || !outcome.plan.changedSinceApproval || !followsPlan(phase)) return decision;
  switch (decision.kind) {
    case 'block':
      return decision;
    case 'park':
      return { ...park(phase, 'plan_approval', decision.resumePhase), reason: besides(decision) };
    case 'done':
      return { ...park(phase, 'plan_approval'), reason: PLAN_CHANGED };
    case 'run':
    case 'limited':
      return {
        ...park(phase, 'plan_approval', decision.phase),
        reason: PLAN_CHANGED,
        ...(decision.notes.length > 0 && { notes: decision.notes }),
      };
    default:
      return decision satisfies never;
  }
}

function besides(decision: ParkDecision): string {
  if (decision.for === 'plan_approval') return PLAN_CHANGED;
  const why = decision.reason === undefined ? '' : `: ${decision.reason}`;
  return `${PLAN_CHANGED} The agent also waits for ${decision.for}${why}`;
}
