import { launchWorker } from '../../providers/starting/launch-worker.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { readSession } from '../../session/status.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import { afterCommand } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import { supervise } from '../acting/supervision.ts';
import { isStuck, STARTING_MS } from '../reading/worker-now.ts';
import { workerReport } from '../reading/worker-report.ts';

/** It runs or is queued and has no worker, or stands at a gate with work left that nothing takes up. */
export async function lacksWorker(
  found: SessionView,
  refusal: string,
  context: ActionContext,
): Promise<boolean> {
  if (refusal === 'already_running' && found.needsWorker) return true;
  return isStuck(found, await workerReport(found, context)) && found.worker === 'none';
}

/** Starts its worker; leaving a note for it does that too. */
export async function bringWorker(
  found: SessionView,
  note: string | undefined,
  context: ActionContext,
): Promise<SessionView> {
  if (note !== undefined) {
    const { view } = await afterCommand(found, { kind: 'message', text: note }, ['message_kept'], context);
    return view;
  }
  await refuseFromInside(context);
  await launchWorker(found.paths, { program: context.programs.worker, env: context.env });
  const view = await withWorker(found, context);
  await supervise(context, found.paths.sessionsDir);
  return view;
}

const POLL_MS = 50;

/** Waits for the worker that was just launched. @throws pending */
async function withWorker(found: SessionView, { clock, host }: ActionContext): Promise<SessionView> {
  for (const end = clock.monotonic() + STARTING_MS; ; await clock.sleep(POLL_MS)) {
    const view = await readSession(found.paths, host);
    if (view !== undefined && (view.lease?.number ?? 0) > (found.lease?.number ?? 0)) return view;
    if (clock.monotonic() > end)
      throw ACTION_ERRORS.pending({ session: found.folder, seconds: STARTING_MS / 1000 });
  }
}
