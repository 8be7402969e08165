import type { PullRequestFact } from './events/bodies/positions.ts';
import type { SessionState } from './events/state.ts';

/** The pull request that the supervisor looks at; undefined if there is none, or if nobody asked for it. */
export function watchedPullRequest({
  archived,
  pullRequest,
}: Pick<SessionState, 'archived' | 'pullRequest'>): SessionState['pullRequest'] {
  return !archived && pullRequest?.watched && pullRequest.state === 'open' ? pullRequest : undefined;
}

/** `https://github.com/owner/name/pull/17`, as gh prints it. */
export function pullRequestAt(
  url: string,
): Pick<PullRequestFact, 'repository' | 'number' | 'url'> | undefined {
  const found = /^https:\/\/([\w.-]+(?::\d+)?\/[\w.-]+\/[\w.-]+)\/pull\/(\d+)$/.exec(url);
  const [, repository, number] = found ?? [];
  return repository === undefined ? undefined : { repository, number: Number(number), url };
}

/** The round whose work is not in the pull request yet; undefined: there is none, or it is answered. */
export function openRound({
  round,
  pullRequest,
}: Pick<SessionState, 'round' | 'pullRequest'>): SessionState['round'] {
  return round && round.number > (pullRequest?.round ?? 0) ? round : undefined;
}

/** In the session folder: what a round is about, and what its agents say in each thread. */
export function roundDocuments(number: number): { about: string; answers: string } {
  return { about: `round-${number}.md`, answers: `round-${number}-answers.md` };
}

/** The number of the round that work on the pull request belongs to now: of the open one, else of a new one. */
export function nextRound(state: Pick<SessionState, 'round' | 'pullRequest'>): number {
  const last = Math.max(state.round?.number ?? 0, state.pullRequest?.round ?? 0);
  return openRound(state) === undefined ? last + 1 : last;
}
