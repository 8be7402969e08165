import { sendAndAwait } from '../../caller/commands/await-command.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { supervise } from '../../caller/context/supervision.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { isStuck, STARTING_MS } from '../../caller/facts/worker-now.ts';
import { workerReport } from '../../caller/facts/worker-report.ts';
import { newestNumber } from '../../kernel/processes/lease.ts';
import { launchWorker, type Wake } from '../../sandbox/programs/launch-worker.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { readSession } from '../../session/status.ts';

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
  const view = await launchAndWait(found, context);
  if (view !== undefined) return view;
  throw ACTION_ERRORS.pending({ session: found.folder, seconds: STARTING_MS / 1000 });
}

/** Starts a worker. @returns the session once the worker holds its lease; undefined if that takes too long */
export async function launchAndWait(
  found: SessionView,
  context: ActionContext,
  wake?: Wake,
): Promise<SessionView | undefined> {
  const { programs, env, host } = context;
  await launchWorker(found.paths, { program: programs.worker, env, wake });
  if (!(await isTakenSoon(found, context))) return undefined;
  await supervise(context, found.paths.sessionsDir);
  return (await readSession(found.paths, host)) ?? found;
}

const POLL_MS = 50;

/** Waits until a worker has a newer lease than the one found. @returns false on timeout */
async function isTakenSoon(
  { paths, lease }: Pick<SessionView, 'paths' | 'lease'>,
  { clock }: Pick<ActionContext, 'clock'>,
): Promise<boolean> {
  for (const end = clock.monotonic() + STARTING_MS; clock.monotonic() <= end; await clock.sleep(POLL_MS))
    if ((newestNumber(paths.leases) ?? 0) > (lease?.number ?? 0)) return true;
  return false;
}
