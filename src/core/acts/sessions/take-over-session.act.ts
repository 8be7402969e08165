import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { supervise } from '../../caller/context/supervision.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { readHolding } from '../../kernel/processes/lease.ts';
import { launchWorker } from '../../sandbox/programs/launch-worker.ts';
import { judgeTakeOver } from '../../session/commands/judge-running.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { launchAndWait } from './ensure-worker.ts';

export interface TakeOverResult {
  view: SessionView;
  /** `not_needed`: no process held it, or the one that did is known to be dead. */
  outcome: 'taken' | 'not_needed';
  from?: { hostId: string; pid: number; since: string };
}

/**
 * Takes over a session whose worker cannot be checked from here, because it ran on another machine or in
 * another container. Never done automatically, because only a person knows that the worker is gone for good.
 */
export async function takeOverSession(
  question: SessionQuestion,
  context: ActionContext,
): Promise<TakeOverResult> {
  await refuseFromInside(context);
  const view = await findSession({ ...question, isAct: true }, context);
  const { folder: session, otherBuild } = view;
  if (view.sessionFile?.pool) throw ACTION_ERRORS.pool_takes_over({ session });
  const holding = await readHolding(view.paths.leases, context.host);
  const verdict = judgeTakeOver({ session, holding, otherBuild });
  if (verdict.kind === 'refused') throw verdict.error;
  if (verdict.kind === 'not_needed') {
    if (view.needsWorker)
      await launchWorker(view.paths, { program: context.programs.worker, env: context.env });
    await supervise(context, view.paths.sessionsDir);
    return { view, outcome: 'not_needed' };
  }
  const { lease } = verdict;
  const taken = await launchAndWait({ ...view, lease }, context, { takeOver: lease.number });
  const { owner, acquiredAt: since } = lease;
  return { view: taken, outcome: 'taken', from: { hostId: owner.hostId, pid: owner.pid, since } };
}
