import { SamocodeError } from '../base/errors.ts';
import { isHashOf } from '../session/plan.ts';
import type { SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { readPlanOf } from './read-plan.ts';
import { NotWaitingError } from './waiting-errors.ts';

export interface ApprovePlanInput extends SessionQuestion {
  /** The hash that came with the plan when it was read. A person at a terminal may leave it out. */
  hash?: string | undefined;
}

export interface ApprovePlanResult {
  view: SessionView;
  plan: { name: string; hash: string };
  /** It had been approved before; nothing was sent. */
  already: boolean;
}

/**
 * Approves the plan that a session waits with; it goes on to implementation.
 * @throws NotWaitingError, PlanHashMissingError, PlanChangedError; CommandRefusedError, WorkerUnresponsiveError
 */
export async function approvePlan(
  input: ApprovePlanInput,
  context: ActionContext,
): Promise<ApprovePlanResult> {
  const hash = input.hash?.trim() || undefined;
  if (hash === undefined && context.by.channel === 'tool') throw new PlanHashMissingError();
  const view = await findSession(input, context);
  const { status, approvedPlan } = view.state;
  if (status.kind !== 'waiting' || status.for !== 'plan_approval' || !status.plan) {
    if (approvedPlan && hash !== undefined && isHashOf(hash, approvedPlan.hash))
      return { view, plan: approvedPlan, already: true };
    throw new NotWaitingError(view, 'approval');
  }
  // The file may have been edited since the session began to wait: what was read is what counts.
  const plan = await readPlanOf(view);
  if (hash !== undefined && !isHashOf(hash, plan.hash)) throw new PlanChangedError(plan.name);
  const after = await afterCommand(view, { kind: 'approve', hash: plan.hash }, ['plan_approved'], context);
  return { view: after.view, plan: { name: plan.name, hash: plan.hash }, already: false };
}

// A person may type the beginning of a hash, as of a commit.
class PlanHashMissingError extends SamocodeError {
  readonly code = 'plan_hash_missing';

  constructor() {
    super(
      'Nothing was approved.',
      'An approval names the plan that the person has seen, by its hash.',
      'Call read_plan, show it to the person, and pass the hash that came with it.',
    );
  }
}

class PlanChangedError extends SamocodeError {
  readonly code = 'plan_changed';

  constructor(name: string) {
    super(
      'Nothing was approved.',
      `The hash is not that of the plan that waits, ${name}.`,
      'Call read_plan, show the person what stands there now, and ask again.',
    );
  }
}
