import { hasEnded } from '../session/events/rest.ts';
import { isContinuedBy } from '../session/folder/read-session.ts';
import { isLost } from '../session/folder/session-list.ts';
import type { SessionView } from '../session/folder/session-view.ts';
import { watchedPullRequest } from '../session/pull-request.ts';
import { awaitedPaths } from '../session/waits/next-wake.ts';

/** The event that a session waits for, which decides when the supervisor starts a worker. */
export type Waits =
  /** Done, stopped or archived: a command that acts on it starts a worker. */
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
  | { for: 'limit' }
  /** A slot, or a new day of MAX_COST_USD_PER_DAY: started when admitted. */
  | { for: 'turn' }
  /** Not begun: waits for other sessions or a time. Started when it can begin or a person must decide. */
  | { for: 'order' }
  /** An edit by a person: all answers, the awaited file, or a different `Phase:` line. */
  | { for: 'edit'; files: string[] }
  /** A person: another supervisor has it, its worker or its log cannot be seen, its format is newer, or it is not this user's. */
  | { for: 'person'; why: 'other_supervisor' | 'unseen' | 'lost' | 'newer' | 'foreign' };

export function waitsFor(view: SessionView, identity: string): Waits {
  const { state, pendingCommands, wantsWorker } = view;
  if (view.foreign !== undefined) return { for: 'person', why: 'foreign' };
  if (view.otherBuild?.is === 'newer') return { for: 'person', why: 'newer' };
  if (isLost(view)) return { for: 'person', why: 'lost' };
  // Also a session that has not begun: its first state is published before anyone starts it.
  if (view.worker === 'unknowable' && view.sessionFile?.pool)
    return { for: 'person', why: 'other_supervisor' };
  if (view.worker === 'alive') return { for: 'its_worker' };
  const isWatched = watchedPullRequest(state) !== undefined;
  if (!wantsWorker && (state.archived || (hasEnded(state.status.kind) && !isWatched)))
    return { for: 'nothing' };
  if (view.worker === 'unknowable') return { for: 'person', why: 'unseen' };
  if (!isContinuedBy(view, identity)) return { for: 'person', why: 'other_supervisor' };
  if (pendingCommands.length > 0) return { for: 'commands' };
  if (wantsWorker) return { for: 'revival' };
  return parked(view);
}

/** The wait of a session without a worker and without pending work, by its status. */
function parked(view: SessionView): Waits {
  const { status } = view.state;
  switch (status.kind) {
    case 'queued':
      return { for: status.order === undefined ? 'turn' : 'order' };
    case 'limited':
      return { for: 'limit' };
    case 'waiting':
    case 'blocked':
      return { for: 'edit', files: awaitedPaths(view) };
    case 'stopped':
    case 'done':
      return { for: 'pull_request' };
    case 'starting':
    case 'running':
      // A healthy session has work for a worker; without any, its log was lost or moved.
      return { for: 'person', why: 'lost' };
    default:
      return status satisfies never;
  }
}
