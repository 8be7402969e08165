import { SamocodeError } from '../base/errors.ts';
import { type Lease, readHolding } from '../base/lease.ts';
import { launchWorker } from '../providers/starting/launch-worker.ts';
import { readSession, type SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { refuseFromInside } from './refuse-from-inside.ts';
import { supervise } from './supervision.ts';

export interface TakeOverResult {
  view: SessionView;
  /** `not_needed`: nobody held it, or somebody who is known to be dead. */
  outcome: 'taken' | 'not_needed';
  /** Where the worker was that gave way. */
  from?: { hostId: string; pid: number; since: string };
}

const PATIENCE_MS = 15_000;
const POLL_MS = 50;

/**
 * Takes a session from a worker that can't be judged from here, because it ran on another machine or in
 * another container. Nothing else ever does: only the person knows that it is gone for good.
 * @throws SessionNotFoundError, WorkerLivesError, SessionNewerError, NotTakenOverError, InsideSessionError
 */
export async function takeOverSession(
  question: SessionQuestion,
  context: ActionContext,
): Promise<TakeOverResult> {
  await refuseFromInside(context);
  const view = await findSession(question, context);
  if (view.newer !== undefined) throw new SessionNewerError(view.folder, view.newer);
  const holding = await readHolding(view.paths.leases, context.host);
  if (holding.kind !== 'held' || holding.liveness === 'dead') {
    if (view.needsWorker)
      await launchWorker(view.paths, { program: context.programs.worker, env: context.env });
    await supervise(context, view.paths.sessionsDir);
    return { view, outcome: 'not_needed' };
  }
  const { lease } = holding;
  if (holding.liveness === 'alive') throw new WorkerLivesError(view.folder, lease);
  await launchWorker(view.paths, {
    program: context.programs.worker,
    env: context.env,
    wake: { takeOver: lease.number },
  });
  await untilTaken(view, lease, context);
  await supervise(context, view.paths.sessionsDir);
  const { owner, acquiredAt: since } = lease;
  const from = { hostId: owner.hostId, pid: owner.pid, since };
  return { view: (await readSession(view.paths, context.host)) ?? view, outcome: 'taken', from };
}

async function untilTaken(view: SessionView, lease: Lease, { clock, host }: ActionContext): Promise<void> {
  const begun = clock.monotonic();
  for (;;) {
    const now = await readHolding(view.paths.leases, host);
    if (now.kind !== 'free' && now.kind !== 'unreadable' && now.lease.number > lease.number) return;
    if (clock.monotonic() - begun > PATIENCE_MS) throw new NotTakenOverError(view.folder);
    await clock.sleep(POLL_MS);
  }
}

class WorkerLivesError extends SamocodeError {
  readonly code = 'worker_lives';

  constructor(folder: string, { owner, acquiredAt }: Lease) {
    super(
      `Session ${folder} was not taken over.`,
      `Its worker lives on this machine: process ${owner.pid}, since ${acquiredAt}.`,
      'Act through it: get_status shows what it does, stop_session ends it.',
    );
  }
}

class SessionNewerError extends SamocodeError {
  readonly code = 'newer_format';

  constructor(folder: string, newer: string) {
    super(
      `Session ${folder} was not taken over.`,
      `A newer samocode wrote its events (${newer}).`,
      'Update samocode on this machine. Reading works.',
    );
  }
}

class NotTakenOverError extends SamocodeError {
  readonly code = 'not_taken_over';

  constructor(folder: string) {
    super(
      `Session ${folder} was not taken over.`,
      'The worker that was started for it did not get it in time.',
      'See worker.stderr in its run folder, then try again.',
    );
  }
}
