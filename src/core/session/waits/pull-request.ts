import type { SessionState } from '../events/state.ts';

/** The pull request that the supervisor watches; undefined if there is none, or if watching was not requested. */
export function watchedPullRequest({
  archived,
  pullRequest,
}: Pick<SessionState, 'archived' | 'pullRequest'>): SessionState['pullRequest'] {
  return !archived && pullRequest?.watched && pullRequest.state !== 'merged' ? pullRequest : undefined;
}

/** The time for which a closed pull request is still polled. */
const CLOSED_MS = 14 * 24 * 60 * 60_000;

export function isPolled(state: Pick<SessionState, 'archived' | 'pullRequest'>, nowMs: number): boolean {
  const watched = watchedPullRequest(state);
  if (watched === undefined) return false;
  return watched.state === 'open' || nowMs - Date.parse(watched.since) < CLOSED_MS;
}
