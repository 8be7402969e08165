import { expect, test } from 'vitest';
import { supervisorNow } from '../../../../src/extensions/pool/acts/status.act.ts';
import { noteOf, type PoolFacts, signText } from '../../../../src/extensions/pool/membership/machines.ts';
import { ci } from '../../../support/ci.ts';

const MIN = 60_000;
const NOW_MS = Date.parse('2026-01-08T10:00:00.000Z');
const at = (msAgo: number) => new Date(NOW_MS - msAgo).toISOString();
const silent = { seenMsAgo: 3 * MIN, isLive: false };
const lacks = { session: 'hull', needs: ['codex'] };
type Facts = Parameters<typeof noteOf>[0] & Omit<PoolFacts, 'self' | 'status'>;
const withRemote: Facts = {
  ...{ id: 'a', name: 'anna', fingerprint: 'SHA256:a', standing: 'member', isSelf: true, isOwner: false },
  ...{ hasDatabase: false, isLeaving: false, supervisor: undefined, nowMs: NOW_MS },
};
const withDatabase: Facts = { ...withRemote, hasDatabase: true, seenMsAgo: 4000, isLive: true };

test.each<[facts: Facts, sign: string, note: string | undefined]>([
  [withDatabase, 'seen 4 s ago', undefined],
  [{ ...withDatabase, seenMsAgo: undefined }, 'not seen yet', undefined],
  [
    { ...withDatabase, ...silent, slots: { used: 2, all: 2 } },
    'seen 3 min ago',
    'silent for 3 min; other machines take its sessions',
  ],
  [withRemote, 'no state yet', undefined],
  [{ ...withRemote, publishedAt: at(3 * MIN) }, 'last state 3 min ago', undefined],
  // Without a database, nothing is known about its signs of life.
  [{ ...withRemote, ...silent }, 'no state yet', undefined],
  [{ ...withDatabase, slots: { used: 1, all: 2 } }, 'seen 4 s ago', undefined],
  [{ ...withDatabase, slots: { used: 2, all: 2 }, lacks }, 'seen 4 s ago', 'all 2 slots are used'],
  [{ ...withDatabase, slots: { used: 1, all: 1 } }, 'seen 4 s ago', 'its only slot is used'],
  [{ ...withDatabase, lacks }, 'seen 4 s ago', 'lacks codex for hull'],
  [
    { ...withDatabase, lacks: { session: 'hull', needs: ['codex', 'guard'] } },
    'seen 4 s ago',
    'lacks codex and guard for hull',
  ],
  [{ ...withDatabase, isLeaving: true, lacks }, 'seen 4 s ago', 'leaving; it takes no more sessions'],
  [{ ...withRemote, standing: 'asked', version: '0.1.0' }, 'asked to join', 'not a member yet'],
  [{ ...withDatabase, standing: 'removed' }, 'seen 4 s ago', 'removed from the pool'],
  [{ ...withDatabase, supervisor: { kind: 'starting' } }, 'seen 4 s ago', 'its supervisor starts now'],
  [
    { ...withDatabase, supervisor: { kind: 'quiet', msAgo: 5 * MIN }, isLeaving: true },
    'seen 4 s ago',
    'its supervisor has not looked at the pool for 5 min',
  ],
  [
    { ...withDatabase, version: '0.9.1' },
    'seen 4 s ago',
    'has an older version than this machine: 0.9.1, here 1.0.0',
  ],
  [
    { ...withDatabase, version: '1.2.0' },
    'seen 4 s ago',
    'has a newer version than this machine: 1.2.0, here 1.0.0',
  ],
  [{ ...withDatabase, version: '1.0.0' }, 'seen 4 s ago', undefined],
  [
    { ...withDatabase, isSelf: false, isLeaving: true, supervisor: { kind: 'starting' } },
    'seen 4 s ago',
    undefined,
  ],
])('of a machine with %j the pool says "%s" and "%s"', ci, (facts, sign, note) => {
  expect([signText(facts, facts), noteOf(facts, facts, '1.0.0')]).toEqual([sign, note]);
});

test.each([
  ['nothing has been written, right after the join', undefined, 10 * MIN - 1000, { kind: 'starting' }],
  ['nothing has been written, long after the join', undefined, 0, { kind: 'quiet' }],
  ['its last look was before the join', 5 * MIN, 9 * MIN, { kind: 'starting' }],
  ['it has looked', 10 * MIN - 15_000, 0, undefined],
  ['it stopped looking', 5 * MIN, 0, { kind: 'quiet', msAgo: 5 * MIN }],
])('of a supervisor, if %s', (_, atMs, joinedMs, state) => {
  const status = atMs === undefined ? undefined : { at: new Date(atMs).toISOString() };
  expect(supervisorNow(status, joinedMs, 10 * MIN)).toEqual(state);
});
