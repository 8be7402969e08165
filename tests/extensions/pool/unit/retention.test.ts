import { describe, expect, test } from 'vitest';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';
import { isPrunableSummary, prunable } from '../../../../src/extensions/pool/membership/retention.ts';
import { ci } from '../../../support/ci.ts';

const DAY_MS = 24 * 60 * 60_000;
const ENDED = Date.UTC(2026, 0, 8, 10);
const since = new Date(ENDED).toISOString();
const days = 14;

const by = { channel: 'cli' } as const;
const done = { kind: 'done', since, summary: 'All of it' } as const;
const pull = { number: 7, repository: 'h/o/n', url: 'https://h/o/n/pull/7', watched: true, since };
const merge = { into: 'main' };
const trash = { ref: 'r', commit: 'c', branch: 'b', tip: 't', tree: 't', uncommitted: [] };

const ROWS: [what: string, state: object, ending: string | undefined][] = [
  ['done', { status: done }, 'done'],
  ['archived', { status: done, archived: true }, 'archived'],
  ['stopped and archived', { status: { kind: 'stopped', since, by, why: '' }, archived: true }, 'archived'],
  ['discarded', { status: done, archived: true, trash }, 'discarded'],
  ['merged', { status: done, lastMerge: { ...merge, outcome: 'merged' } }, 'merged'],
  [
    'not merged, because of conflicts',
    { status: done, lastMerge: { ...merge, outcome: 'conflicts' } },
    'done',
  ],
  ['done with a merged pull request', { status: done, pullRequest: { ...pull, state: 'merged' } }, 'merged'],
  [
    'done with a pull request that was merged without some commits',
    { status: done, pullRequest: { ...pull, state: 'merged', missing: { commits: 1 } } },
    'done',
  ],
  ['done with a closed pull request', { status: done, pullRequest: { ...pull, state: 'closed' } }, 'done'],
  ['done with an open pull request', { status: done, pullRequest: { ...pull, state: 'open' } }, undefined],
  ['starting', { status: { kind: 'starting', since } }, undefined],
  ['queued', { status: { kind: 'queued', since, reason: '' } }, undefined],
  ['running', { status: { kind: 'running', since } }, undefined],
  ['waiting', { status: { kind: 'waiting', since, for: 'qa_answers' } }, undefined],
  ['limited', { status: { kind: 'limited', since, until: ENDED } }, undefined],
  ['blocked', { status: { kind: 'blocked', since, reason: '', needs: '', rule: '' } }, undefined],
  ['stopped', { status: { kind: 'stopped', since, by, why: '' } }, undefined],
  ['in a state of a newer version', { status: { kind: 'resting', since } }, undefined],
];

describe.each(ROWS)('a session that is %s', (_, change, ending) => {
  const state = { ...emptyState(), ...change } as SessionState;
  const endingAfter = (daysLater: number) =>
    prunable(state, ENDED, { nowMs: ENDED + daysLater * DAY_MS, days });

  test('stays in the pool until POOL_DAYS have passed', ci, () => {
    expect([0, days - 1, days, days + 1].map(endingAfter)).toEqual([undefined, undefined, ending, ending]);
  });

  test('stays if it was recorded in the future', () => {
    expect(endingAfter(-days - 1)).toBeUndefined();
    expect(prunable(state, ENDED + 40 * DAY_MS, { nowMs: ENDED + 20 * DAY_MS, days })).toBeUndefined();
  });
});

test('an event after the end of a session counts as its end', () => {
  const state = { ...emptyState(), status: done };
  const nowMs = ENDED + (days + 1) * DAY_MS;
  expect(prunable(state, ENDED + 2 * DAY_MS, { nowMs, days })).toBeUndefined();
});

test.each([
  ['done', days + 1, true],
  ['archived', days + 1, true],
  ['done', days - 1, false],
  ['done', -1, false],
  ['stopped', 1000, false],
  ['a status of a newer version', 1000, false],
])(
  'a session that is %s on the board, recorded %i days ago, is not copied any more: %s',
  (status, ago, expected) => {
    const card = { status, phase: 'done', iteration: 3, at: since };
    expect(isPrunableSummary(card, { nowMs: ENDED + ago * DAY_MS, days })).toBe(expected);
  },
);
