import { isoUtc } from '../../../core/kernel/clock.ts';
import type { PullRequestChange, PullRequestFact } from '../../../core/session/events/bodies/positions.ts';
import { differing } from '../../../core/session/events/pull-request-change.ts';

export type PollOutcome =
  | ({ kind: 'seen' } & Pick<PullRequestChange, 'url' | 'state' | 'mergeCommit' | 'missing'>)
  /** The forge answered, but not about this pull request. */
  | { kind: 'not_shown' }
  /** The forge refused to answer, was not reached, or accepts no more requests for now. */
  | { kind: 'refused' | 'offline' | 'slow'; why: string };

export interface PollVerdict {
  change: PullRequestChange | undefined;
  /** The first poll since it was last seen; undefined if this one saw it. */
  missedAt: string | undefined;
}

/** Shorter failures are not reported. */
const REPORT_AFTER_MS = 10 * 60_000;

/** Decides what a poll of a watched pull request means. Pure. */
export function judgePoll(
  outcome: PollOutcome,
  { fact, missedAt: before }: { fact: PullRequestFact; missedAt?: string | undefined },
  nowMs: number,
): PollVerdict {
  const now = isoUtc(nowMs);
  if (outcome.kind === 'seen') {
    const { kind: _, ...seen } = outcome;
    // A pull request that is not open requires no action.
    const ended = seen.state === 'open' ? {} : { asks: null, words: null };
    const found = differing(fact, { ...seen, ...ended, unseen: null });
    return { change: found && { ...found, lastSeenAt: now }, missedAt: undefined };
  }
  const missedAt = before ?? now;
  const isLong = nowMs - Date.parse(missedAt) >= REPORT_AFTER_MS;
  const isReported = fact.state === 'open' && fact.unseen === undefined && isLong;
  const why = outcome.kind === 'not_shown' ? NOT_SHOWN : outcome.why;
  return { change: isReported ? { unseen: { since: missedAt, why } } : undefined, missedAt };
}

const NOT_SHOWN =
  'The forge answers, but does not show this pull request to your login. A missing single sign-on or missing rights can be the reason, or it was deleted.';
