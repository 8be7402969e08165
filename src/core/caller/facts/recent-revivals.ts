import { isElsewhere, readLeases } from '../../kernel/processes/lease.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readEvents } from '../../session/log/event-log.ts';
import type { ActionContext } from '../context/context.ts';

/** More events than crashing workers write in ten minutes. */
const RECENT_EVENTS = 200;

/** Counts how often the session's workers have recently died, or exited without doing anything. */
export async function recentRevivals(
  { paths, state }: SessionView,
  { clock }: Pick<ActionContext, 'clock'>,
): Promise<number> {
  const now = clock.now();
  // A time far in the future comes from a wrong clock.
  const isRecent = (at: string) => Math.abs(now - Date.parse(at)) <= REVIVAL_LIMIT.withinMs;
  const events = await readEvents(paths, Math.max(0, state.n - RECENT_EVENTS));
  const acts = events.filter(({ type }) => type !== 'notice' && type !== 'forgery_seen');
  const recorded = acts.filter(
    (event, index) =>
      event.type === 'worker_took_over' &&
      (event.previous === 'died' || leftAtOnce(acts.slice(Math.max(0, index - 2), index))) &&
      isRecent(event.at),
  );
  // A worker that dies before its first event still leaves its lease behind.
  const leases = await readLeases(paths.leases);
  const taken = leases.filter((lease, index) => {
    const before = leases[index - 1];
    const isRevival = before !== undefined && before.releasedAt === undefined && isRecent(lease.acquiredAt);
    // A pool session that moves to another machine or back was not revived.
    return isRevival && ![before, lease].some(isElsewhere);
  });
  return Math.max(recorded.length, taken.length);
}

/**
 * Whether the previous worker exited without doing anything, as the next one would too. False if another session took
 * the slot.
 */
function leftAtOnce([first, second]: readonly SessionEvent[]): boolean {
  return first?.type === 'worker_took_over' && second?.type === 'worker_left' && second.why !== 'queued';
}

export const REVIVAL_LIMIT = { times: 3, withinMs: 10 * 60_000 } as const;

/** Reported for a session whose workers are no longer restarted; a clause without a full stop. */
export const DYING = `Its worker has ended ${REVIVAL_LIMIT.times} times in ${REVIVAL_LIMIT.withinMs / 60_000} minutes`;
