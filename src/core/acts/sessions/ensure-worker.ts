import { sendAndAwait } from '../../caller/commands/await-command.ts';
import { START_LIMIT_MS, WorkerStart } from '../../caller/commands/worker-start.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { supervise } from '../../caller/context/supervision.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { isStuck } from '../../caller/facts/worker-now.ts';
import { workerReport } from '../../caller/facts/worker-report.ts';
import type { Clock } from '../../kernel/clock.ts';
import { newestNumber } from '../../kernel/processes/lease.ts';
import type { Wake } from '../../sandbox/programs/launch-worker.ts';
import { readSession } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

/** Whether a running or queued session has no worker, or one at a gate has work that nothing will start. */
export async function lacksWorker(
  found: SessionView,
  refusal: string,
  context: ActionContext,
): Promise<boolean> {
  if (refusal === 'already_running' && found.needsWorker) return true;
  return isStuck(found, await workerReport(found, context)) && found.worker === 'none';
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
  wake?: Wake,
): Promise<SessionView> {
  const { clock, host } = context;
  const start = await WorkerStart.launch(found.paths, context, wake);
  await untilTaken(found, start, clock);
  await supervise(context, found.paths.sessionsDir);
  return (await readSession(found.paths, host)) ?? found;
}

const POLL_MS = 50;
/** After a worker exited without a word: another one may be taking the session. */
const EXITED_PATIENCE_MS = 15_000;

async function untilTaken(
  { paths, folder, lease }: SessionView,
  start: WorkerStart,
  clock: Clock,
): Promise<void> {
  const begun = clock.monotonic();
  for (let livedMs = 0; ; await clock.sleep(POLL_MS)) {
    const reached = await start.reached();
    if ((newestNumber(paths.leases) ?? 0) > (lease?.number ?? 0)) return;
    const waitedMs = clock.monotonic() - begun;
    if (reached !== 'exited') livedMs = waitedMs;
    const isOver = waitedMs - livedMs > EXITED_PATIENCE_MS || (reached === 'exited' && start.said !== '');
    if (!isOver && waitedMs <= START_LIMIT_MS) continue;
    const seconds = Math.round(waitedMs / 1000);
    throw ACTION_ERRORS.pending({ session: folder, seconds, unstarted: start.unstarted(reached) });
  }
}
