import { expect, test } from 'vitest';
import { zoneHere } from '../../../../../src/core/kernel/zone.ts';
import type { StartConditions } from '../../../../../src/core/session/events/bodies/positions.ts';
import { emptyState, type SessionState } from '../../../../../src/core/session/events/state.ts';
import { type SessionView, viewWithoutWorker } from '../../../../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import {
  branchBefore,
  cycleOf,
  describeOrder,
  predecessorsNow,
} from '../../../../../src/core/session/waits/start-order.ts';
import { sessionFileSample } from '../../../../support/session-file-sample.ts';

const since = '2026-01-08T10:00:00.000Z';
const by = { channel: 'cli' } as const;
const STATUSES = {
  done: { kind: 'done', since, summary: 'All of it' },
  running: { kind: 'running', since },
  queued: { kind: 'queued', since, reason: 'full' },
  waiting: {
    kind: 'waiting',
    since,
    for: 'human_action',
    resumePhase: 'planning',
    openQuestions: [],
    unconfirmed: [],
  },
  limited: { kind: 'limited', since, until: 0, guessed: false },
  blocked: { kind: 'blocked', since, reason: 'quoted', needs: 'a sail', rule: 'agent' },
  stopped: { kind: 'stopped', since, by, why: 'quoted' },
} satisfies Record<string, SessionState['status']>;

interface Plan extends Partial<SessionState> {
  isInBase?: boolean;
  in?: keyof typeof STATUSES;
  group?: string;
  waits?: StartConditions;
}

function boat(
  folder: string,
  { in: kind = 'done', group, waits: order, isInBase, ...state }: Plan = {},
): SessionView {
  const view = viewWithoutWorker(
    sessionPaths('/sessions', folder),
    { ...emptyState(), status: STATUSES[kind], ...state },
    [],
  );
  return { ...view, isInBase, sessionFile: sessionFileSample({ folder, group, order }) };
}

const request = (state: 'open' | 'merged' | 'closed', watched = true): SessionState['pullRequest'] => ({
  ...{ repository: 'h/o/n', number: 17, url: 'https://h/o/n/pull/17', state, watched, since },
});
const without: SessionState['pullRequest'] = {
  ...{
    repository: 'h/o/n',
    number: 17,
    url: 'https://h/o/n/pull/17',
    state: 'merged',
    watched: false,
    since,
  },
  missing: { round: 1, commits: 2 },
};
const trash: SessionState['trash'] = {
  ...{ ref: 'r', commit: 'c', branch: 'b', tip: 't', tree: 't', uncommitted: [], until: since },
};
const merged: SessionState['lastMerge'] = { outcome: 'merged', into: 'main' };

const held = (waits: StartConditions, group?: string) => ({ in: 'queued', waits, group }) as const;

test.each<[string, StartConditions, Plan | undefined, string]>([
  ['done', { after: 'boat' }, { in: 'done' }, 'met'],
  ['done and in the archive', { after: 'boat' }, { in: 'done', archived: true }, 'met'],
  ['running', { after: 'boat' }, { in: 'running' }, 'unmet'],
  ['queued itself', { after: 'boat' }, { in: 'queued' }, 'unmet'],
  ['at a usage limit', { after: 'boat' }, { in: 'limited' }, 'unmet'],
  ['waiting for its person, who is asked there', { after: 'boat' }, { in: 'waiting' }, 'unmet'],
  ['blocked', { after: 'boat' }, { in: 'blocked' }, 'boat is blocked'],
  ['stopped', { after: 'boat' }, { in: 'stopped' }, 'boat is stopped'],
  ['discarded', { after: 'boat' }, { in: 'done', trash, archived: true }, 'boat was discarded'],
  [
    'discarded before it began',
    { after: 'boat' },
    { in: 'stopped', archived: true },
    'boat is in the archive and not done',
  ],
  ['removed', { after: 'boat' }, undefined, 'boat is gone'],
  ['done, but not merged', { afterMerge: 'boat' }, { in: 'done' }, 'unmet'],
  ['merged here', { afterMerge: 'boat' }, { in: 'done', lastMerge: merged }, 'met'],
  ['merged elsewhere', { afterMerge: 'boat' }, { pullRequest: request('merged') }, 'met'],
  [
    'merged elsewhere without its last commits',
    { afterMerge: 'boat' },
    { pullRequest: without },
    'boat has a pull request, #17, that was merged, but 2 commits of round 1 are not in it',
  ],
  [
    'merged elsewhere, and its last commits by hand',
    { afterMerge: 'boat' },
    { pullRequest: without, isInBase: true },
    'met',
  ],
  ['published', { afterMerge: 'boat' }, { pullRequest: request('open') }, 'unmet'],
  [
    'published, and not looked at',
    { afterMerge: 'boat' },
    { pullRequest: request('open', false) },
    'boat has a pull request, #17, that the supervisor does not watch',
  ],
  [
    'closed',
    { afterMerge: 'boat' },
    { pullRequest: request('closed') },
    'boat has a pull request, #17, that was closed',
  ],
  ['merged by git', { afterMerge: 'boat' }, { isInBase: true }, 'met'],
  ['merged by git and in the archive', { afterMerge: 'boat' }, { archived: true, isInBase: true }, 'met'],
  [
    'in the archive, with a branch that its base lacks',
    { afterMerge: 'boat' },
    { archived: true, isInBase: false },
    'boat is in the archive and, as far as samocode can see, not merged',
  ],
  ['blocked before a merge', { afterMerge: 'boat' }, { in: 'blocked' }, 'boat is blocked'],
])('a session that is %s', (_name, order, plan, expected) => {
  const now = predecessorsNow({ folder: 'x', order }, [
    boat('other', { in: 'blocked' }),
    ...(plan ? [boat('boat', plan)] : []),
  ]);
  expect(now.kind === 'asks' ? now.about : now.kind).toBe(expected);
});

test('git is asked about a branch of which a pull request was merged in part', () => {
  const worktree = { path: '/w', branch: 'boat', base: 'main', baseCommit: 'c' };
  const asked = (pullRequest: SessionState['pullRequest']) =>
    branchBefore({ afterMerge: 'boat' }, [boat('boat', { worktree, pullRequest })]);
  expect(asked(without)).toMatchObject({ branch: 'boat' });
  expect(asked(request('merged'))).toBeUndefined();
});

test.each<[string, SessionView[], string]>([
  ['whose members are done, one of them in the archive', [], 'met'],
  ['of which one still runs', [boat('c', { group: 'night', in: 'running' })], 'unmet'],
  [
    'of which one is in the archive and not done',
    [boat('c', { group: 'night', in: 'blocked', archived: true })],
    'c is in the archive and not done',
  ],
  ['of which one was discarded', [boat('c', { group: 'night', trash, archived: true })], 'c was discarded'],
  [
    'of which two are blocked, read in any order',
    ['d', 'c'].map((name) => boat(name, { group: 'night', in: 'blocked' })),
    'c is blocked, d is blocked',
  ],
])('a session after a group %s', (_what, more, expected) => {
  const done = [boat('a', { group: 'night' }), boat('b', { group: 'night', archived: true })];
  const now = predecessorsNow({ folder: 'x', order: { afterGroup: 'night' } }, [...more, ...done]);
  expect(now.kind === 'asks' ? now.about : now.kind).toBe(expected);
});

test('of two groups that wait for each other, both are asked about until one begins, and no other session is', () => {
  const fleet = (begun: Partial<SessionState> = {}) => [
    boat('b', held({ afterGroup: 'g1' }, 'g2')),
    boat('a', { ...held({ afterGroup: 'g2' }, 'g1'), ...begun }),
    boat('z', held({ after: 'a' })),
  ];
  const ask = (folder: string, views: SessionView[]) => {
    const { group, order = {} } = views.find((view) => view.folder === folder)?.sessionFile ?? {};
    return predecessorsNow({ folder, group, order }, views);
  };
  const about = 'it waits for itself: a → group g2 → b → group g1 → a';
  expect(ask('a', fleet())).toEqual({ kind: 'asks', about, key: about });
  expect(ask('a', fleet().toReversed())).toEqual(ask('a', fleet()));
  expect(ask('b', fleet())).toMatchObject({ about: 'it waits for itself: b → group g1 → a → group g2 → b' });
  // Whoever is asked is still not begun.
  const asked = fleet({ status: { ...STATUSES.waiting, for: 'qa_answers' } });
  expect(ask('b', asked)).toEqual(ask('b', fleet()));
  expect(ask('z', fleet())).toEqual({ kind: 'unmet' });
  expect(ask('b', fleet({ order: { isOver: true } }))).toEqual({ kind: 'unmet' });
});

test('all that is named has to hold, and a session blocked again is another question', () => {
  const order = { after: 'a', afterMerge: 'b' };
  expect(predecessorsNow({ folder: 'x', order }, [boat('a'), boat('b')])).toEqual({ kind: 'unmet' });
  expect(predecessorsNow({ folder: 'x', order }, [boat('a'), boat('b', { lastMerge: merged })])).toEqual({
    kind: 'met',
  });
  const keyAt = (time: string) => {
    const status = { ...STATUSES.blocked, since: time };
    const now = predecessorsNow({ folder: 'x', order }, [boat('a', { status }), boat('b')]);
    return now.kind === 'asks' ? now.key : undefined;
  };
  expect(keyAt('2026-01-08T11:00:00.000Z')).not.toBe(keyAt('2026-01-08T12:00:00.000Z'));
});

test('an order is described in one line, with times in local time', () => {
  const at = new Date(2026, 10, 23, 23).getTime();
  expect(describeOrder({ after: 'boats', at })).toBe(`after boats and at 2026-11-23 23:00 (${zoneHere()})`);
  expect(describeOrder({ afterGroup: 'night', afterMerge: 'sails', at: 'limit' })).toBe(
    'after group night and after the merge of sails and when the usage limit ends',
  );
});

test.each<[string, { group?: string; order: StartConditions }, SessionView[], string[] | undefined]>([
  ['its own group', { group: 'g', order: { afterGroup: 'g' } }, [], ['x', 'group g', 'x']],
  [
    'a session that waits for its group',
    { group: 'g', order: { after: 'a' } },
    [boat('a', held({ afterGroup: 'g' })), boat('b', { group: 'g' })],
    ['x', 'a', 'group g', 'x'],
  ],
  [
    'a session two before it, over a merge and another group',
    { group: 'g', order: { afterMerge: 'a' } },
    [boat('a', held({ afterGroup: 'h' })), boat('b', held({ afterGroup: 'g' }, 'h'))],
    ['x', 'a', 'group h', 'b', 'group g', 'x'],
  ],
  [
    'a session that has begun',
    { group: 'g', order: { after: 'a' } },
    [boat('a', { ...held({ afterGroup: 'g' }), prepared: true })],
    undefined,
  ],
  ['a chain', { group: 'g', order: { after: 'b' } }, [boat('a'), boat('b', held({ after: 'a' }))], undefined],
  [
    'a session that was discarded before it began',
    { group: 'g', order: { after: 'a' } },
    [boat('a', { ...held({ afterGroup: 'g' }), archived: true })],
    undefined,
  ],
  [
    'a session that waits for a group in which one waits for this session',
    { order: { after: 'a' } },
    [boat('a', held({ afterGroup: 'g' })), boat('b', held({ after: 'x' }, 'g'))],
    ['x', 'a', 'group g', 'b', 'x'],
  ],
])('a start after %s', (_name, { group, order }, views, chain) => {
  expect(cycleOf({ folder: 'x', group, order }, views)).toEqual(chain);
});
