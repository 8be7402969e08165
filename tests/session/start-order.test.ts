import { expect, test } from 'vitest';
import type { StartOrder } from '../../src/session/events/bodies/positions.ts';
import { type SessionView, viewWithoutWorker } from '../../src/session/events/session-view.ts';
import { emptyState, type SessionState } from '../../src/session/events/state.ts';
import { sessionPaths } from '../../src/session/layout/paths.ts';
import { cycleOf, describeOrder, predecessorsNow, zoneHere } from '../../src/session/start-order.ts';
import { sessionFileSample } from '../support/session-file-sample.ts';

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
  in?: keyof typeof STATUSES;
  group?: string;
  waits?: StartOrder;
}

function boat(folder: string, { in: kind = 'done', group, waits: order, ...state }: Plan = {}): SessionView {
  const view = viewWithoutWorker(
    sessionPaths('/sessions', folder),
    { ...emptyState(), status: STATUSES[kind], ...state },
    [],
  );
  return { ...view, sessionFile: sessionFileSample({ folder, group, order }) };
}

const request = (state: 'open' | 'merged' | 'closed', watched = true): SessionState['pullRequest'] => ({
  ...{ repository: 'h/o/n', number: 17, url: 'https://h/o/n/pull/17', state, watched, since },
});
const trash: SessionState['trash'] = {
  ...{ ref: 'r', commit: 'c', branch: 'b', tip: 't', tree: 't', uncommitted: [], until: since },
};
const merged: SessionState['lastMerge'] = { outcome: 'merged', into: 'main' };

test.each<[string, StartOrder, Plan | undefined, string]>([
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
  ['put away', { afterMerge: 'boat' }, { archived: true }, 'boat is in the archive and not merged'],
  ['blocked before a merge', { afterMerge: 'boat' }, { in: 'blocked' }, 'boat is blocked'],
])('a session that is %s', (_name, order, plan, expected) => {
  const now = predecessorsNow(order, [
    boat('other', { in: 'blocked' }),
    ...(plan ? [boat('boat', plan)] : []),
  ]);
  expect(now.kind === 'asks' ? now.about : now.kind).toBe(expected);
});

test('a group is done when each of its sessions is, without those in the archive', () => {
  const order = { afterGroup: 'night' };
  const done = [boat('a', { group: 'night' }), boat('b', { group: 'night', in: 'stopped', archived: true })];
  expect(predecessorsNow(order, done)).toEqual({ kind: 'met' });
  expect(predecessorsNow(order, [...done, boat('c', { group: 'night', in: 'running' })])).toEqual({
    kind: 'unmet',
  });
  const torn = ['c', 'd'].map((name) => boat(name, { group: 'night', in: 'blocked' }));
  expect(predecessorsNow(order, [...done, ...torn])).toMatchObject({ about: 'c is blocked, d is blocked' });
});

test('all that is named has to hold, and a session blocked again is another question', () => {
  const order = { after: 'a', afterMerge: 'b' };
  expect(predecessorsNow(order, [boat('a'), boat('b')])).toEqual({ kind: 'unmet' });
  expect(predecessorsNow(order, [boat('a'), boat('b', { lastMerge: merged })])).toEqual({ kind: 'met' });
  const keyAt = (time: string) => {
    const status = { ...STATUSES.blocked, since: time };
    const now = predecessorsNow(order, [boat('a', { status }), boat('b')]);
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

const held = (waits: StartOrder, group?: string) => ({ in: 'queued', waits, group }) as const;

test.each<[string, { group?: string; order: StartOrder }, SessionView[], string[] | undefined]>([
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
])('a start after %s', (_name, { group, order }, views, chain) => {
  expect(cycleOf({ name: 'x', group, order }, views)).toEqual(chain);
});
