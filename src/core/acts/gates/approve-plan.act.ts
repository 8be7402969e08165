import { sendAndAwait } from '../../caller/commands/await-command.ts';
import { gateRuleOf, orThrow } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { isHashOf } from '../../kernel/files/fingerprint.ts';
import { judgeApprove } from '../../session/commands/judge-gates.ts';
import { openedBy } from '../../session/documents/describe-event.ts';
import { gateOf } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readPlanOf } from './read-plan.act.ts';

export interface ApprovePlanInput extends SessionQuestion {
  /** The hash returned with the plan that was shown; without it, the approval is refused. */
  hash: string | undefined;
}

export interface ApprovePlanResult extends Acted {
  plan: { name: string; hash: string };
  /** The MCP servers that the approval accepts, one line each. */
  servers: string[];
  already: boolean;
}

/** Approves the plan of a session that waits for approval; implementation then starts. */
export async function approvePlan(
  input: ApprovePlanInput,
  context: ActionContext,
): Promise<ApprovePlanResult> {
  const hash = input.hash?.trim() || undefined;
  const view = await findSession({ ...input, isAct: true }, context);
  const { approvedPlan } = view.state;
  const isWaiting = gateOf(view)?.for === 'plan_approval';
  if (!isWaiting && approvedPlan && hash !== undefined && isHashOf(hash, approvedPlan.hash))
    return { ...approved(view, approvedPlan, 'was already'), plan: approvedPlan, servers: [], already: true };
  // The file might have been edited since the session began to wait, so read the current version.
  const facts = { plan: isWaiting ? await readPlanOf(view) : undefined, ...gateRuleOf(view) };
  const { plan } = orThrow('approve', judgeApprove({ hash, by: context.by }, view.state, facts), view);
  const after = await sendAndAwait(view, { kind: 'approve', hash: plan.hash }, ['plan_approved'], context);
  return { ...approved(after.view, plan, 'is'), plan, servers: facts.plan?.servers ?? [], already: false };
}

function approved(view: SessionView, { name }: { name: string }, verb: 'is' | 'was already'): Acted {
  const by = view.state.approvedPlan?.by;
  return { view, done: `${name} ${verb} approved${by === undefined ? '' : ` by ${openedBy(by)}`}.` };
}
