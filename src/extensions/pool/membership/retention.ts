import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import type { SessionState } from '../../../core/session/events/state.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { StateSummary } from '../board/board.ts';

const DAY_MS = 24 * 60 * 60_000;

export type PoolEnding = 'archived' | 'discarded' | 'merged' | 'done';

/** The current time, and POOL_DAYS. */
export interface Retention {
  nowMs: number;
  days: number;
}

/**
 * How a session ended, if that was long enough ago that it may leave the pool. One that was recorded in the future
 * stays, because then one of the clocks is wrong.
 * @param recordedAtMs when its newest event was written here: the state has no time of an archive
 */
export function prunable(
  state: Pick<SessionState, 'archived' | 'trash' | 'status' | 'lastMerge' | 'pullRequest'>,
  recordedAtMs: number,
  retention: Retention,
): PoolEnding | undefined {
  const endedAtMs = Math.max(Date.parse(state.status.since), recordedAtMs);
  return isOlder(endedAtMs, retention) ? endingOf(state) : undefined;
}

export function prunableView({ state, paths }: SessionView, retention: Retention): PoolEnding | undefined {
  return prunable(state, statsAt(paths.events)?.mtimeMs ?? 0, retention);
}

/** Whether no copy is made of a session any more, according to its summary on the board. */
export function isPrunableSummary({ status, at }: StateSummary, retention: Retention): boolean {
  return (status === 'archived' || status === 'done') && isOlder(Date.parse(at), retention);
}

function isOlder(atMs: number, { nowMs, days }: Retention): boolean {
  return nowMs - atMs >= days * DAY_MS;
}

function endingOf({
  archived,
  trash,
  status,
  lastMerge,
  pullRequest,
}: Pick<SessionState, 'archived' | 'trash' | 'status' | 'lastMerge' | 'pullRequest'>):
  | PoolEnding
  | undefined {
  if (archived) return trash === undefined ? 'archived' : 'discarded';
  if (status.kind !== 'done') return undefined;
  const isMerged = pullRequest?.state === 'merged' && pullRequest.missing === undefined;
  if (isMerged || lastMerge?.outcome === 'merged') return 'merged';
  // Review comments on an open pull request can start another round.
  return pullRequest?.state === 'open' ? undefined : 'done';
}
