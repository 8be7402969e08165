import { readEvents } from '../session/event-log.ts';
import type { SessionView } from '../session/status.ts';
import { launchWorker } from '../worker/launch.ts';
import type { ActionContext } from './context.ts';
import { isInsideSession } from './refuse-from-inside.ts';

const WINDOW_MS = 10 * 60_000;
const MAX_REVIVALS = 3;
/** Far more events than a worker writes in ten minutes of dying. */
const LOOK_BACK = 200;

export type Revival = 'not_needed' | 'launched' | 'dies_again' | 'read_only';

/**
 * Starts a worker for a session that wants one and has none; every look at a session comes by here.
 * A worker that has died three times in ten minutes is left alone: a person must see why.
 */
export async function revive(view: SessionView, context: ActionContext): Promise<Revival> {
  if (!view.needsWorker) return 'not_needed';
  if (await isInsideSession(context)) return 'read_only';
  if ((await recentDeaths(view, context)) >= MAX_REVIVALS) return 'dies_again';
  await launchWorker(view.paths, { program: context.programs.worker, env: context.env });
  return 'launched';
}

async function recentDeaths({ paths, state }: SessionView, { clock }: ActionContext): Promise<number> {
  const since = clock.now() - WINDOW_MS;
  const events = await readEvents(paths.events, Math.max(0, state.n - LOOK_BACK));
  return events.filter(
    (event) =>
      event.type === 'worker_took_over' && event.previous === 'died' && Date.parse(event.at) >= since,
  ).length;
}
