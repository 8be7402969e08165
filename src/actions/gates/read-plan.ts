import type { NextStep } from '../../base/acts.ts';
import { isAtRest } from '../../session/at-rest.ts';
import { planChanges } from '../../session/documents/plan-changes.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { gateOf } from '../../session/status.ts';
import type { ActionContext } from '../acting/context.ts';
import { nextSteps } from '../acting/next-steps.ts';
import { findSession, type SessionQuestion } from '../places/find-session.ts';
import { newestPlan, readPlanFile } from '../reading/plan-file.ts';
import { READING_ERRORS } from '../reading/reading-errors.ts';
import { planBefore } from './plan-before.ts';
import { serverLines } from './server-lines.ts';

export interface PlanReport {
  view: SessionView;
  /** File name in the session folder. */
  name: string;
  /** The child's own words, with the requirements that an approval covers. */
  text: string;
  /** What an approval names: everything but ticks and notes. */
  hash: string;
  state: 'waits_for_approval' | 'approved' | 'draft';
  /** The MCP servers that it proposes, in lines for whoever decides; empty for none. */
  servers: string[];
  /** What differs from the version that a person was asked about before, line by line; absent for the first one. */
  changes?: string[];
}

/**
 * The plan that waits for approval, else the approved one, else the newest draft.
 * @throws no_plan, session_not_found
 */
export async function readPlan(question: SessionQuestion, context: ActionContext): Promise<PlanReport> {
  const view = await findSession(question, context);
  const plan = await readPlanOf(view);
  if (plan.state !== 'waits_for_approval') return plan;
  const before = await planBefore(view, plan.text, context);
  return before === undefined ? plan : { ...plan, changes: planChanges(before, plan.text).lines };
}

export async function readPlanOf(view: SessionView): Promise<PlanReport> {
  const { approvedPlan } = view.state;
  const waiting = gateOf(view)?.plan;
  if (waiting) return await readVersion(view, waiting.name, 'waits_for_approval');
  if (approvedPlan) return await readVersion(view, approvedPlan.name, 'approved');
  const name = newestPlan(view.paths, view.state.oldPlans);
  if (name === undefined) throw noPlan(view);
  return await readVersion(view, name, 'draft');
}

async function readVersion(view: SessionView, name: string, state: PlanReport['state']): Promise<PlanReport> {
  const reading = await readPlanFile(view.paths, name);
  if (reading.kind !== 'plan')
    throw noPlan(view, { name, problem: reading.kind === 'missing' ? 'gone' : reading.problem });
  const { text, hash } = reading;
  return { view, name, text, hash, state, servers: await serverLines(view, text) };
}

function noPlan(view: SessionView, file?: { name: string; problem: string }) {
  const { folder: session, state } = view;
  const comes = isAtRest(view) || gateOf(view);
  const next: NextStep[] = comes ? nextSteps(view) : [{ act: 'follow', session, when: 'until it has one' }];
  return READING_ERRORS.no_plan({ session, phase: state.progress.phase, file, next });
}
