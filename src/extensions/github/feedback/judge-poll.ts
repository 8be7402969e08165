import { isoUtc } from '../../../core/kernel/clock.ts';
import type { PullRequestChange, PullRequestFact } from '../../../core/session/events/bodies/positions.ts';
import { differing } from '../../../core/session/events/pull-request-change.ts';
import type { PollRecord } from '../../../core/session/layout/poll-record.ts';

export type PollOutcome =
  | ({ kind: 'seen' } & Pick<PullRequestChange, 'url' | 'state' | 'mergeCommit' | 'missing'>)
  /** The forge answered, but not about this pull request. */
  | { kind: 'not_shown' }
  /** The forge refused to answer, was not reached, or accepts no more requests for now. */
  | { kind: 'refused' | 'offline' | 'slow'; why: string };

export interface LastPoll {
  fact: PullRequestFact;
  poll: PollRecord;
  gapMs: number;
}

export interface PollVerdict {
  change: PullRequestChange | undefined;
  poll: PollRecord;
  gapMs: number;
}

/** The delay between two polls of an open pull request; grows while nothing changes. */
export const SHORTEST_GAP_MS = 60_000;
const LONGEST_GAP_MS = 600_000;
const GROWTH = 1.5;
/** The delay for a closed pull request, which can be opened again. */
const CLOSED_GAP_MS = 60 * 60_000;
/** Shorter failures are not reported. */
const REPORT_AFTER_MS = 10 * 60_000;

/** Decides what a poll of a watched pull request means. Pure. */
export function judgePoll(outcome: PollOutcome, { fact, poll, gapMs }: LastPoll, nowMs: number): PollVerdict {
  const now = isoUtc(nowMs);
  const grown = Math.min(gapMs * GROWTH, LONGEST_GAP_MS);
  if (outcome.kind === 'seen') {
    const { kind: _, ...seen } = outcome;
    // A pull request that is not open requires no action.
    const ended = seen.state === 'open' ? {} : { asks: null, words: null };
    const found = differing(fact, { ...seen, ...ended, unseen: null });
    const openGapMs = found === undefined ? grown : SHORTEST_GAP_MS;
    return {
      change: found && { ...found, lastSeenAt: now },
      poll: { number: fact.number, seenAt: now },
      gapMs: seen.state === 'closed' ? CLOSED_GAP_MS : openGapMs,
    };
  }
  const since = poll.missedAt ?? now;
  const isLong = nowMs - Date.parse(since) >= REPORT_AFTER_MS;
  const isSaid = fact.state === 'open' && fact.unseen === undefined && isLong;
  const why = outcome.kind === 'not_shown' ? NOT_SHOWN : outcome.why;
  return {
    change: isSaid ? { unseen: { since, why } } : undefined,
    poll: { ...poll, missedAt: since },
    gapMs: fact.state === 'closed' ? CLOSED_GAP_MS : grown,
  };
}

const NOT_SHOWN =
  'The forge answers, but does not show this pull request to your login. A missing single sign-on or missing rights can be the reason, or it was deleted.';
