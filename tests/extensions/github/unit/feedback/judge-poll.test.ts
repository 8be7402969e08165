import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PullRequestFact } from '../../../../../src/core/session/events/bodies/positions.ts';
import { changed } from '../../../../../src/core/session/events/pull-request-change.ts';
import { isPolled } from '../../../../../src/core/session/waits/pull-request.ts';
import { judgePoll, type PollOutcome } from '../../../../../src/extensions/github/feedback/judge-poll.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 8, 10);
const AT = new Date(NOW).toISOString();
const BEFORE = new Date(NOW - 10 * MINUTE).toISOString();
const URL = 'https://github.com/fleet/boats/pull/17';
const fact = (more: Partial<PullRequestFact> = {}): PullRequestFact => ({
  ...{ repository: 'github.com/fleet/boats', number: 17, url: URL, state: 'open', watched: true },
  ...more,
});

const seen = (state: PullRequestFact['state'], more = {}): PollOutcome => ({
  ...{ kind: 'seen', url: URL, state },
  ...more,
});
const OUTCOMES = {
  'open at the forge': seen('open'),
  'closed at the forge': seen('closed'),
  'merged at the forge': seen('merged', { mergeCommit: 'd', missing: { round: 1, commits: 1 } }),
  'not shown': { kind: 'not_shown' },
  refused: { kind: 'refused', why: 'No rights.' },
  offline: { kind: 'offline', why: 'No network.' },
  slow: { kind: 'slow', why: 'Too many requests.' },
} satisfies Record<string, PollOutcome>;

const LAST = {
  open: fact(),
  'open and asking': fact({ asks: 'x', words: [] }),
  'open and not seen': fact({ unseen: { since: BEFORE, why: 'x' } }),
  closed: fact({ state: 'closed' }),
};
const NOTHING = undefined;
const merge = { state: 'merged', mergeCommit: 'd', missing: { round: 1, commits: 1 } };

test.each<[keyof typeof OUTCOMES, keyof typeof LAST, object | undefined]>([
  ['open at the forge', 'open', NOTHING],
  ['open at the forge', 'open and asking', NOTHING],
  ['open at the forge', 'open and not seen', { unseen: null }],
  ['open at the forge', 'closed', { state: 'open' }],
  ['closed at the forge', 'open', { state: 'closed' }],
  ['closed at the forge', 'open and asking', { state: 'closed', asks: null, words: null }],
  ['closed at the forge', 'closed', NOTHING],
  ['merged at the forge', 'open', merge],
  ['merged at the forge', 'closed', merge],
  ['not shown', 'open', { unseen: expect.stringContaining('single sign-on') }],
  ['not shown', 'open and not seen', NOTHING],
  ['not shown', 'closed', NOTHING],
  ['refused', 'open', { unseen: 'No rights.' }],
  ['refused', 'closed', NOTHING],
  ['offline', 'open', { unseen: 'No network.' }],
  ['offline', 'open and not seen', NOTHING],
  ['slow', 'open', { unseen: 'Too many requests.' }],
])('%s, after %s', (outcome, last, change) => {
  const verdict = judgePoll(OUTCOMES[outcome], { fact: LAST[last], missedAt: BEFORE }, NOW);
  const { lastSeenAt, unseen, ...rest } = verdict.change ?? {};
  const recorded = { ...rest, ...(unseen !== undefined && { unseen: unseen?.why ?? null }) };
  expect(verdict.change && recorded).toEqual(change);
  const wasSeen = OUTCOMES[outcome].kind === 'seen';
  expect(verdict.missedAt).toBe(wasSeen ? undefined : BEFORE);
  expect(lastSeenAt).toBe(change !== undefined && wasSeen ? AT : undefined);
});

test('a pull request that is not shown is reported after ten minutes, since the first poll that missed it', () => {
  const first = judgePoll(OUTCOMES.offline, { fact: fact() }, NOW);
  expect(first).toEqual({ change: undefined, missedAt: AT });
  const at = (minutes: number) =>
    judgePoll(OUTCOMES.offline, { fact: fact(), ...first }, NOW + minutes * MINUTE).change;
  expect([at(9.9), at(10)]).toEqual([undefined, { unseen: { since: AT, why: 'No network.' } }]);
});

test('after what was recorded, the same outcome records nothing more', () => {
  const outcomes = fc.constantFrom(...Object.values(OUTCOMES));
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(LAST)), outcomes, (last, outcome) => {
      const { change = {}, missedAt } = judgePoll(outcome, { fact: last, missedAt: BEFORE }, NOW);
      const again = judgePoll(outcome, { fact: changed(last, change), missedAt }, NOW + MINUTE);
      expect(again.change).toBeUndefined();
    }),
  );
});

test.each([
  ['open for a year', { state: 'open' }, 365, true],
  ['closed for 13 days', { state: 'closed' }, 13, true],
  ['closed for 14 days', { state: 'closed' }, 14, false],
  ['merged', { state: 'merged' }, 0, false],
  ['not watched', { watched: false }, 0, false],
] as const)('one that is %s is looked at: %#', (_, more, days, expected) => {
  const since = new Date(NOW - days * 24 * 60 * MINUTE).toISOString();
  const state = { archived: false, pullRequest: { ...fact(more), since } };
  expect(isPolled(state, NOW)).toBe(expected);
  expect(isPolled({ ...state, archived: true }, NOW)).toBe(false);
});

test('a session without a pull request is not looked at', () => {
  expect(isPolled({ archived: false, pullRequest: undefined }, NOW)).toBe(false);
});
