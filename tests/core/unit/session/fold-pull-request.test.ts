import { expect, test } from 'vitest';
import type { CommandOf } from '../../../../src/core/session/commands/commands.ts';
import { findRewindPoint } from '../../../../src/core/session/commands/judge-rewind.ts';
import { judgeRound } from '../../../../src/core/session/commands/judge-round.ts';
import type { PullRequestChange, Round } from '../../../../src/core/session/events/bodies/positions.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import {
  describeRewoundRounds,
  newestRound,
  nextRound,
  openRound,
} from '../../../../src/core/session/events/rounds.ts';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';
import { CREATED, DONE, numbered, PREPARED } from './events.ts';
import { codeOf } from './verdicts.ts';

const CLI = { channel: 'cli' } as const;
const SETTINGS = { channel: 'settings' } as const;
const PLACE = { repository: 'github.com/fleet/boats', number: 17 };
const URL = 'https://github.com/fleet/boats/pull/17';

const round = (number: number, keys: string[]): Round => ({
  ...{ number, keys, head: `head${number}`, base: 'base', threads: [] },
});
const begun = (one: Round): NewEvent => ({
  ...{ type: 'resumed', by: SETTINGS, phase: 'implementation', resetsCounts: true, round: one },
});
const change = (more: PullRequestChange, place = PLACE): NewEvent => ({
  ...{ type: 'pull_request_changed', by: SETTINGS, ...place, change: more },
});
/** All of it at once, as at its opening. */
const seen = ({ number = PLACE.number, ...more }: PullRequestChange & { number?: number }): NewEvent =>
  change({ url: URL, state: 'open', watched: true, ...more }, { ...PLACE, number });
const OPENED = change({ url: URL, state: 'open', watched: true, pushed: 'tip0' });
const BEGINNING = [CREATED, PREPARED, DONE];

function after(...events: NewEvent[]): SessionState {
  return numbered([...BEGINNING, ...events]).reduce(fold, emptyState());
}

test('a change sets what it has, clears what is null, and keeps the rest', () => {
  const state = after(
    OPENED,
    change({ asks: 'why', lastSeenAt: '2026-01-08T10:00:00.000Z' }),
    change({ asks: null, state: 'closed' }),
  );
  expect(state.pullRequest).toEqual({
    ...{ ...PLACE, url: URL, state: 'closed', watched: true, pushed: 'tip0' },
    ...{ lastSeenAt: '2026-01-08T10:00:00.000Z', since: '2026-01-08T10:05:00.000Z' },
    rounds: { used: 0, keys: [] },
  });
});

test('a change about another pull request opens a new fact if it says enough, and nothing else does', () => {
  const other = { ...PLACE, number: 18 };
  const before = after(OPENED, begun(round(1, ['a'])));
  expect(after(OPENED, begun(round(1, ['a'])), change({ asks: 'x' }, other)).pullRequest).toEqual(
    before.pullRequest,
  );
  const opened = change({ url: `${URL}8`, state: 'open' }, other);
  expect(after(OPENED, begun(round(1, ['a'])), opened).pullRequest).toMatchObject({
    ...{ number: 18, watched: false, rounds: { used: 0, keys: [] } },
  });
});

test('a round is open until its work is published; its number and keys are used once', () => {
  const open = after(OPENED, begun(round(1, ['a', 'b'])));
  expect([openRound(open)?.number, nextRound(open)]).toEqual([1, 1]);
  // What it begins with is accepted, also a head that replaced what samocode had pushed.
  expect(open.pullRequest?.pushed).toBe('head1');
  const published = after(OPENED, begun(round(1, ['a', 'b'])), DONE, change({ round: 1, pushed: 'tip1' }));
  expect([openRound(published), nextRound(published)]).toEqual([undefined, 2]);
  // Its threads may still be without a reply.
  expect(newestRound(published)?.number).toBe(1);
  const asked = (one: Round) => {
    const command = { by: SETTINGS, round: one } as Pick<CommandOf<'round'>, 'by' | 'round'>;
    const verdict = judgeRound(command, published, { gateChannels: [] });
    return codeOf(verdict);
  };
  expect(asked(round(2, ['b']))).toBe('round_known');
  expect(asked(round(1, ['c']))).toBe('round_known');
  expect(asked(round(2, ['c']))).toBe('accepted');
});

test('a new goal ends an open round and the fact about a closed pull request', () => {
  const goal: NewEvent = { type: 'resumed', by: CLI, phase: 'init', resetsCounts: true, goal: 'more' };
  const kept = after(OPENED, begun(round(1, ['a'])), DONE, goal);
  expect([openRound(kept), nextRound(kept), kept.pullRequest?.number]).toEqual([undefined, 2, 17]);
  expect(after(OPENED, change({ state: 'closed' }), goal).pullRequest).toBeUndefined();
});

/** The state after a rewind to before what `rest` does, and after its undo. */
function rewoundTo(before: readonly NewEvent[], rest: readonly NewEvent[]) {
  const points: NewEvent[] = [...BEGINNING, ...before];
  const events = [...points, ...rest];
  const backOf = (some: readonly NewEvent[]) => {
    const facts = { commits: new Set<string>(), beforeRewinds: new Map([[some.length + 1, 'c']]) };
    const asked = { type: 'rewind_asked', by: CLI, to: 0, commit: 'c', back: {} } as unknown as NewEvent;
    return findRewindPoint({ events: numbered([...some, asked]), kept: facts }, 'undo')?.back;
  };
  const rewind = (to: 0 | 'undo', back: unknown) =>
    [
      { type: 'rewind_asked', by: CLI, to, commit: 'c', back },
      { type: 'rewound', to, undo: { ref: 'r', commit: 'c' }, leftOut: [] },
    ] as NewEvent[];
  const back = backOf(points);
  if (back === undefined) throw new Error('There is no position.');
  const state = numbered(events).reduce(fold, emptyState());
  const rewound = [...events, ...rewind(0, back)];
  const undone = [...rewound, ...rewind('undo', backOf(events))];
  const { rounds: _, ...ofOld } = back;
  return {
    said: describeRewoundRounds(state, back),
    rewound: numbered(rewound).reduce(fold, emptyState()),
    undone: numbered(undone).reduce(fold, emptyState()),
    old: numbered([...events, ...rewind(0, ofOld)]).reduce(fold, emptyState()),
    state,
  };
}

test('a rewind to before a round closes it: its number stays used, its keys count again, and an undo brings it back', () => {
  const at = rewoundTo([OPENED], [begun(round(1, ['a'])), DONE]);
  expect(at.rewound.pullRequest?.rounds).toEqual({ used: 1, keys: [] });
  expect([openRound(at.rewound), nextRound(at.rewound)]).toEqual([undefined, 2]);
  expect(at.undone.pullRequest?.rounds).toEqual(at.state.pullRequest?.rounds);
  expect(openRound(at.undone)?.number).toBe(1);
  expect(at.said).toBe(
    '; round 1 is closed, and what started it counts again; what was pushed stays in pull request #17',
  );
});

test('a rewind into a round that was published opens it again, until its work is published again', () => {
  const rounds = [OPENED, begun(round(1, ['a']))];
  const at = rewoundTo(rounds, [DONE, change({ round: 1, pushed: 'tip1' }), begun(round(2, ['b'])), DONE]);
  expect(openRound(at.rewound)?.number).toBe(1);
  expect(at.rewound.pullRequest).toMatchObject({ pushed: 'head2', rounds: { used: 2, keys: ['a'] } });
  expect(at.said).toContain('; round 2 is closed');
});

test('a rewind to before the pull request was opened closes its rounds, and leaves it open', () => {
  const at = rewoundTo(
    [],
    [OPENED, begun(round(1, ['a'])), DONE, change({ round: 1 }), begun(round(2, ['b']))],
  );
  expect(at.rewound.pullRequest).toMatchObject({ number: 17, state: 'open', rounds: { used: 2, keys: [] } });
  expect(at.said).toContain('; rounds 1 to 2 are closed');
});

test('a rewind that leaves rounds alone says nothing about them', () => {
  expect(rewoundTo([OPENED], [DONE]).said).toBe('');
  expect(rewoundTo([], []).said).toBe('');
});

test('a rewind in the log of a version that did not know rounds leaves them as they were', () => {
  const at = rewoundTo([OPENED], [begun(round(1, ['a'])), DONE]);
  expect(at.old.pullRequest?.rounds).toEqual(at.state.pullRequest?.rounds);
});

test.each<[string, NewEvent[], object]>([
  ['a round is open', [begun(round(1, ['a']))], { open: 1, next: 1, keys: ['a'] }],
  [
    'a round is open and asks',
    [begun(round(1, ['a'])), seen({ asks: 'x', pushed: 'tip0' })],
    { open: 1, next: 1, keys: ['a'], asks: 'x' },
  ],
  [
    'a round is published',
    [begun(round(1, ['a'])), DONE, seen({ round: 1, pushed: 'tip1' })],
    { next: 2, keys: ['a'], round: 1, pushed: 'tip1' },
  ],
  [
    'a second round is open',
    [begun(round(1, ['a'])), DONE, seen({ round: 1 }), begun(round(2, ['b']))],
    { open: 2, next: 2, keys: ['a', 'b'], round: 1 },
  ],
  [
    'others were taken over in a round',
    [begun(round(1, ['a'])), DONE, begun({ ...round(1, []), head: 'theirs' })],
    { open: 1, next: 1, keys: ['a'], pushed: 'theirs' },
  ],
  ['it is merged', [seen({ state: 'merged', mergeCommit: 'm' })], { next: 1, keys: [], state: 'merged' }],
  ['it is another one', [begun(round(1, ['a'])), seen({ number: 18 })], { next: 1, keys: [] }],
])('a log with whole facts is read as before: %s', (_, events, expected) => {
  const state = after(seen({ pushed: 'tip0' }), ...events);
  const { pullRequest } = state;
  const found = {
    ...{ ...pullRequest, open: openRound(state)?.number, next: nextRound(state) },
    keys: pullRequest?.rounds?.keys,
  };
  expect(found).toMatchObject({ open: undefined, ...expected });
});

test('a log with whole facts is continued by changes', () => {
  const state = after(
    ...[seen({ pushed: 'tip0' }), begun(round(1, ['a'])), DONE, seen({ asks: 'x', pushed: 'tip0' })],
    ...[change({ round: 1, pushed: 'tip1', asks: null }), begun(round(2, ['b']))],
  );
  expect(state.pullRequest).toMatchObject({
    round: 1,
    pushed: 'head2',
    rounds: { used: 2, keys: ['a', 'b'] },
  });
  expect(openRound(state)?.number).toBe(2);
});
