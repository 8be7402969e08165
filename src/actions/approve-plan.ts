import { SamocodeError } from '../base/errors.ts';
import { judgeApprove } from '../session/commands/judge-approve.ts';
import { isHashOf } from '../session/plan.ts';
import { gateStatus, type SessionView } from '../session/status.ts';
import { takenOver } from './adopt-session.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { EarlyRefusalError, gateChannelsOf } from './early-refusal.ts';
import { findSessionAndPlace, type SessionQuestion } from './find-session.ts';
import { readPlanOf } from './read-plan.ts';

export interface ApprovePlanInput extends SessionQuestion {
  /** The hash that came with the plan when it was read. A person at a terminal may leave it out. */
  hash?: string | undefined;
  /** Without a hash: whatever plan waits now is meant. */
  asItStands?: true;
}

export interface ApprovePlanResult {
  view: SessionView;
  plan: { name: string; hash: string };
  /** It had been approved before; nothing was sent. */
  already: boolean;
}

/**
 * Approves the plan that a session waits with; it goes on to implementation.
 * @throws PlanHashMissingError, NoPlanError, EarlyRefusalError; CommandRefusedError, CommandPending
 */
export async function approvePlan(
  input: ApprovePlanInput,
  context: ActionContext,
): Promise<ApprovePlanResult> {
  const hash = input.hash?.trim() || undefined;
  if (hash === undefined && context.by.channel === 'tool' && !input.asItStands)
    throw new PlanHashMissingError();
  const found = await findSessionAndPlace(input, context);
  const { view } = found;
  const { approvedPlan } = view.state;
  const gate = gateStatus(view);
  const isWaiting = gate.status.kind === 'waiting' && gate.status.for === 'plan_approval';
  if (!isWaiting && approvedPlan && hash !== undefined && isHashOf(hash, approvedPlan.hash))
    return { view, plan: approvedPlan, already: true };
  // The file may have been edited since the session began to wait: what was read is what counts.
  const facts = { plan: isWaiting ? await readPlanOf(view) : undefined, gateChannels: gateChannelsOf(view) };
  const verdict = judgeApprove({ hash, by: context.by }, gate, facts);
  if (verdict.kind === 'refused') throw new EarlyRefusalError(verdict, view);
  const { plan } = verdict;
  const waiting = await takenOver(found, 'plan', context);
  const after = await afterCommand(waiting, { kind: 'approve', hash: plan.hash }, ['plan_approved'], context);
  return { view: after.view, plan, already: false };
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
