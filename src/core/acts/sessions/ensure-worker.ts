import { sendAndAwait } from '../../caller/commands/await-command.ts';
import {
  hasFailed,
  launchedWorker,
  START_LIMIT_MS,
  STARTED_PATIENCE_MS,
  untilWorker,
} from '../../caller/commands/worker-start.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { supervise } from '../../caller/context/supervision.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { needsRescue } from '../../caller/facts/worker-now.ts';
import { workerReport } from '../../caller/facts/worker-report.ts';
import { newestNumber } from '../../kernel/processes/lease.ts';
import type { LaunchReason } from '../../sandbox/programs/launch-worker.ts';
import { readSession } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

/** Whether a running or queued session has no worker, or one at a gate has work that nothing will start. */
export async function lacksWorker(
  found: SessionView,
  refusal: string,
  context: ActionContext,
): Promise<boolean> {
  if (refusal === 'already_running' && found.needsWorker) return true;
  return needsRescue(found, await workerReport(found, context)) && found.worker === 'none';
}

/** Starts the session's worker, directly or by sending the note as a message. */
export async function ensureWorker(
  found: SessionView,
  note: string | undefined,
  context: ActionContext,
): Promise<SessionView> {
  if (note !== undefined) {
    const { view } = await sendAndAwait(found, { kind: 'message', text: note }, ['message_kept'], context);
    return view;
  }
  await refuseFromInside(context);
  return await launchAndWait(found, context);
}

/**
 * Starts a worker, and waits for it while it lives, five minutes at most.
 * @returns the session once a worker has a newer lease than the one found
 * @throws pending
 */
export async function launchAndWait(
  found: SessionView,
  context: ActionContext,
  wake?: LaunchReason,
): Promise<SessionView> {
  const { paths, folder, lease } = found;
  const { found: isTaken, ...look } = await untilWorker(
    paths,
    {
      after: found.state.n,
      find: () => (newestNumber(paths.leases) ?? 0) > (lease?.number ?? 0) || undefined,
      isOver: ({ idleMs, unstarted }) => idleMs > STARTED_PATIENCE_MS || hasFailed(unstarted),
      limitMs: START_LIMIT_MS,
      mostLaunches: 0,
      start: await launchedWorker(paths, context, wake),
    },
    context,
  );
  const seconds = Math.round(look.waitedMs / 1000);
  const state = found.state.status.kind;
  if (!isTaken) throw ACTION_ERRORS.pending({ session: folder, state, seconds, unstarted: look.unstarted });
  await supervise(context, paths.sessionsDir);
  return (await readSession(paths, context.host)) ?? found;
}
