import { join } from 'node:path';
import type { StartOrder } from '../session/events/bodies/positions.ts';
import type { SessionView } from '../session/events/session-view.ts';
import type { LimitedStatus, Status } from '../session/events/state.ts';
import { watchedPullRequest } from '../session/pull-request.ts';
import { isLost } from '../session/session-list.ts';
import { isContinuedBy } from '../session/status.ts';

/** What a session waits for, and so when the supervisor starts a worker. */
export type Waits =
  /** Done, stopped, archived, or created by the original tool: a command that acts on it starts a worker. */
  | { for: 'nothing' }
  /** The same, but its pull request is watched. */
  | { for: 'pull_request' }
  /** Its worker is alive; its end wakes the session. */
  | { for: 'its_worker' }
  /** Its worker died or left work undone: it is restarted with a growing delay, a limited number of times. */
  | { for: 'revival' }
  /** Commands are pending and their sender started no worker: one is started after two seconds. */
  | { for: 'commands' }
  /** A usage limit or an outage: started when it ends, by the wall clock. */
  | { for: 'limit'; limit: LimitedStatus }
  /** A slot, or a new day of MAX_COST_USD_PER_DAY: started when admitted. */
  | { for: 'turn' }
  /** Not begun: waits for other sessions or a time. Started when it can begin or a person must decide. */
  | { for: 'order'; order: StartOrder }
  /** An edit by a person: all answers, the awaited file, or a different `Phase:` line. `asked`: about its order. */
  | { for: 'edit'; files: string[]; asked?: { order: StartOrder; key: string } }
  /** A person: another supervisor has it, its worker or its log cannot be seen, or its format is newer. */
  | { for: 'person'; why: 'other_supervisor' | 'unseen' | 'lost' | 'newer' };

/** What a session without a worker and without pending work waits for, by its status. */
const WHILE_PARKED: {
  [K in Status['kind']]: (view: SessionView, status: Extract<Status, { kind: K }>) => Waits;
} = {
  // A healthy session in these states has work for a worker; without any, its log was lost or moved.
  starting: () => ({ for: 'person', why: 'lost' }),
  running: () => ({ for: 'person', why: 'lost' }),
  queued: (_view, { order }) => (order === undefined ? { for: 'turn' } : { for: 'order', order }),
  limited: (_view, limit) => ({ for: 'limit', limit }),
  waiting: ({ paths, sessionFile }, { for: waitsFor, file, order: asked }) => {
    const files = [paths.overview];
    if (waitsFor === 'qa_answers') files.push(paths.qa);
    if (waitsFor === 'file_update' && file !== undefined) files.push(join(paths.sessionDir, file));
    const order = asked && sessionFile?.order;
    return { for: 'edit', files, ...(order && { asked: { order, key: asked.key } }) };
  },
  blocked: ({ paths }) => ({ for: 'edit', files: [paths.overview] }),
  stopped: () => ({ for: 'pull_request' }),
  done: () => ({ for: 'pull_request' }),
};

export function waitsFor(view: SessionView, identity: string): Waits {
  const { state, isForeign, pendingCommands, wantsWorker, lease } = view;
  if (isForeign) return { for: 'nothing' };
  if (view.newer !== undefined) return { for: 'person', why: 'newer' };
  if (isLost(view)) return { for: 'person', why: 'lost' };
  // Also a session that has not begun: its first state is published before anyone starts it.
  if (view.worker === 'unknowable' && view.sessionFile?.pool)
    return { for: 'person', why: 'other_supervisor' };
  if (view.worker === 'alive') return { for: 'its_worker' };
  const isWatched = watchedPullRequest(state) !== undefined;
  if (!wantsWorker && (state.archived || (isOver(state.status) && !isWatched))) return { for: 'nothing' };
  if (view.worker === 'unknowable') return { for: 'person', why: 'unseen' };
  if (!isContinuedBy(lease, identity)) return { for: 'person', why: 'other_supervisor' };
  if (pendingCommands.length > 0) return { for: 'commands' };
  if (wantsWorker) return { for: 'revival' };
  return parked(view);
}

function parked(view: SessionView): Waits {
  const { status } = view.state;
  // TypeScript cannot relate the row of a kind to the status of that kind.
  return (WHILE_PARKED[status.kind] as (view: SessionView, status: Status) => Waits)(view, status);
}

function isOver({ kind }: Status): boolean {
  return kind === 'done' || kind === 'stopped';
}
