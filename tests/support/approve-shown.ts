import { approvePlan } from '../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../src/core/acts/gates/read-plan.act.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';

/** Approves the plan of a session as a person does who has just read it. */
export async function approveShown(session: string, context: ActionContext) {
  const { hash } = await readPlan({ session }, context);
  return await approvePlan({ session, hash }, context);
}
