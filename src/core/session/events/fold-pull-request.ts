import { type KnownRounds, type Position, PullRequestFact, type Round } from './bodies/positions.ts';
import type { EventOf } from './events.ts';
import { changed, isSamePullRequest, opened } from './pull-request-change.ts';
import type { SessionState } from './state.ts';

type Known = SessionState['pullRequest'];

/** A change about another pull request than the current one opens a new fact. */
export function pullRequestChanged(
  state: SessionState,
  event: EventOf<'pull_request_changed'>,
): SessionState {
  const { pullRequest: before } = state;
  const { change, at } = event;
  const fact = isSamePullRequest(before, event) ? changed(before, change) : opened(event, change);
  return fact === undefined
    ? state
    : withFact(state, PullRequestFact.parse(fact), { at, round: change.round });
}

/** @param published the round whose work was published with this change */
function withFact(
  state: SessionState,
  fact: PullRequestFact,
  { at, round: published = 0 }: { at: string; round?: number },
): SessionState {
  const { pullRequest: before } = state;
  const known = isSamePullRequest(before, fact) ? before : undefined;
  const since = known?.state === fact.state ? known.since : at;
  const { isOpen, ...rounds } = known?.rounds ?? NO_ROUNDS;
  const stays = isOpen && (rounds.newest?.number ?? 0) > published;
  const used = Math.max(rounds.used, published);
  return {
    ...state,
    pullRequest: { ...fact, since, rounds: { ...rounds, ...(stays && { isOpen }), used } },
  };
}

const NO_ROUNDS: KnownRounds = { used: 0, keys: [] };

/** Far more than a pull request that people can review has. */
const REMEMBERED_KEYS = 2000;

/** The head that a round begins with is accepted, whatever samocode had pushed before: nothing asks about it again. */
export function withRoundBegun(pullRequest: Known, round: Round): Known {
  const { used, keys } = pullRequest?.rounds ?? NO_ROUNDS;
  const rounds = {
    ...{ newest: round, isOpen: true as const },
    used: Math.max(used, round.number),
    keys: [...keys, ...round.keys].slice(-REMEMBERED_KEYS),
  };
  return pullRequest && { ...pullRequest, asks: undefined, pushed: round.head, rounds };
}

export function withAccepted(pullRequest: Known, accepted: string | undefined): Known {
  const { rounds } = pullRequest ?? {};
  if (rounds?.newest === undefined || accepted === undefined) return pullRequest;
  return pullRequest && { ...pullRequest, rounds: { ...rounds, newest: { ...rounds.newest, accepted } } };
}

export function withoutOpenRound(pullRequest: Known): Known {
  return (
    pullRequest && { ...pullRequest, rounds: { ...NO_ROUNDS, ...pullRequest.rounds, isOpen: undefined } }
  );
}

/** Restores the rounds of an earlier position, except that no number is used twice. */
export function withRewoundRounds(pullRequest: Known, back: Position['rounds']): Known {
  if (pullRequest === undefined || back === undefined) return pullRequest;
  const { of, ...then } = back;
  const rounds = of === pullRequest.number ? then : NO_ROUNDS;
  const used = Math.max(rounds.used, pullRequest.rounds?.used ?? 0);
  return { ...pullRequest, rounds: { ...rounds, used } };
}
