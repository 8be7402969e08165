import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { columnsOf } from '../../../../src/core/faces/terminal/columns.ts';
import { makeStyle } from '../../../../src/core/faces/terminal/style.ts';
import { supervisorNow } from '../../../../src/extensions/pool/acts/status.act.ts';
import { statusText } from '../../../../src/extensions/pool/acts/status.command.ts';
import type { JoinRequest } from '../../../../src/extensions/pool/members/join-request.ts';
import {
  machinesOf,
  noteOf,
  type PoolFacts,
  type PoolMembers,
  signText,
} from '../../../../src/extensions/pool/membership/machines.ts';
import {
  type PoolStatus,
  readPoolStatus,
  StatusFile,
  unmetBy,
} from '../../../../src/extensions/pool/membership/pool-status.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { ci } from '../../../support/ci.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const NOW_MS = Date.parse('2026-01-08T10:00:00.000Z');
const at = (msAgo: number) => new Date(NOW_MS - msAgo).toISOString();
const card = {
  level: 'strict' as const,
  version: __VERSION__,
  slots: 2,
  labels: ['claude', 'codex', 'strict'],
};
const keyOf = (id: string) => `ssh-ed25519 ${Buffer.from(id).toString('base64')}`;
const [anna, bert, mini, old] = ['anna', 'bert', 'mini', 'old'].map((name) => {
  const id = name.slice(0, 1);
  return { v: 1 as const, id, name, publicKey: keyOf(id), ...card };
}) as [JoinRequest, JoinRequest, JoinRequest, JoinRequest];
const members: PoolMembers = {
  requests: [bert, anna, mini, old],
  list: {
    ...{ commit: '1'.repeat(40), number: 3, board: 'postgres' },
    members: [
      { id: 'b', name: 'bert', publicKey: bert.publicKey, by: 'a' },
      { id: 'a', name: 'anna', publicKey: anna.publicKey, by: 'a', owner: true },
    ],
    removed: [{ id: 'o', name: 'old', publicKey: old.publicKey, by: 'a', at: at(60_000), tips: {} }],
  },
};
const status: PoolStatus = {
  ...{ v: 1, at: at(4000), lookedAt: at(4000), problems: [], disk: { copies: 3, bytes: 12_400_000 } },
  hosts: [
    { id: 'a', name: 'anna', ...card, seenMsAgo: 0, isLive: true, isRemoved: false },
    { id: 'b', name: 'bert', ...card, seenMsAgo: 176_000, isLive: false, isRemoved: false },
  ],
  sessions: [
    {
      ...{ id: '1', folder: 'hull', host: 'a', wanted: true, needs: [], status: 'running', iteration: 12 },
      ...{ publishedAt: at(9000), unpublishedSince: at(3000) },
    },
    {
      id: '2',
      folder: 'rigging',
      wanted: true,
      needs: ['gemini'],
      status: 'running',
      iteration: 3,
      publishedAt: at(60_000),
    },
  ],
};

const LEFT: Record<string, string[]> = {
  hull: [
    'build/model.bin (61 MB) stays on anna: it is larger than 50 MB.',
    'Changes in libs/outer stay on anna: it is a submodule or a separate repository.',
  ],
};

function shown(columns: number, among = members): string {
  const machines = machinesOf(among, {
    ...{ self: 'a', status, hasDatabase: true, isLeaving: false, supervisor: undefined, nowMs: NOW_MS },
  });
  const names = new Map(members.requests.map(({ id, name }) => [id, name]));
  const sessions = status.sessions.map(({ folder, host, ...rest }) => ({
    ...{ session: folder, ...rest, host: names.get(host ?? ''), left: LEFT[folder] ?? [] },
  }));
  const report = { machines, sessions, problems: ['It failed.'], disk: status.disk };
  return statusText(report, { columns, textColumns: columns, style: makeStyle(false), nowMs: NOW_MS });
}

test('the status of a pool fits 80 columns, with whole fingerprints', () => {
  expect(shown(80)).toMatchInlineSnapshot(`
    "anna · this machine, owner · lacks gemini for rigging
      seen 4 s ago · 1 of 2 slots used · claude, codex · sandbox strict · 0.0.0-test
      SHA256:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs
    bert · silent for 3 min; other machines take its sessions
      seen 3 min ago · 0 of 2 slots used · claude, codex · sandbox strict ·
      0.0.0-test
      SHA256:PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0
    mini · not a member yet
      asked to join · 2 slots · claude, codex · sandbox strict · 0.0.0-test
      SHA256:YsZqel3XDDFGYYBjw0TlMebUtZ43mAhEPOlis6vWPFo

    hull     anna        running  iteration 12  published 9 s ago, 3 s behind
    rigging  no machine  running  iteration 3   published 1 min ago

    hull: build/model.bin (61 MB) stays on anna: it is larger than 50 MB. For 1
    more: samocode pool status --json

    Copies of sessions on this machine: 3 (13 MB)

    ! It failed."
  `);
  expect(
    shown(80)
      .split('\n')
      .every((line) => columnsOf(line) <= 80),
  ).toBe(true);
});

test('the status of a pool at 200 columns', () => {
  const unwrapped = shown(80).replace('·\n  0.0.0-test', '· 0.0.0-test').replace('1\nmore', '1 more');
  expect(shown(200)).toBe(unwrapped);
});

test('what a machine publishes cannot add lines to the status', () => {
  const forged = 'x\nanna · owner\n  SHA256:forged\u001b[2J';
  const requests = [
    { ...bert, id: 'z', version: forged, publicKey: keyOf('z') },
    ...[anna, mini, old].map((each) => ({ ...each, labels: [...each.labels, forged] })),
  ];
  const lines = shown(200, { ...members, requests }).split('\n');
  expect(lines.filter((line) => /^ *(?:anna · owner|SHA256:forged)/.test(line))).toEqual([]);
});

const hosts = [{ labels: ['claude', 'guard'] }, { labels: ['codex'] }];

test.each([
  [['claude'], []],
  [['claude', 'guard'], []],
  [['gemini', 'guard'], ['gemini']],
  [
    ['codex', 'guard'],
    ['codex', 'guard'],
  ],
])('of %s these machines lack %s', (needs, missing) => {
  expect(unmetBy(needs, hosts)).toEqual(missing);
});

test('what failed is told until it has not failed again for two minutes', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'pool.json');
  const clock = new HandClock();
  const status = new StatusFile(path, clock);
  const entry = { id: 's', project: 'p', folder: 'hull', host: 'h', epoch: 1, wanted: true, needs: [] };
  status.saw([entry], ['s']);
  for (const of of ['once', 'again']) status.failed(of, new Error(`${of} failed`));
  clock.pass(100_000);
  status.failed('again', new Error('again failed'));
  clock.pass(100_000);
  status.write();
  expect(await readPoolStatus(path)).toMatchObject({
    at: '2026-01-08T10:03:20.000Z',
    sessions: [{ id: 's', folder: 'hull', host: 'h', unpublishedSince: '2026-01-08T10:00:00.000Z' }],
    problems: [{ of: 'again', text: 'Error: again failed' }],
  });
});

test('a status that cannot be written is only missing: a member of the pool continues', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'pool.json');
  // As a full disk does, but for root too.
  await mkdir(path);
  const status = new StatusFile(path, new HandClock());
  status.failed('hull', new Error('it failed'));
  expect(() => status.write()).not.toThrow();
  expect(await readPoolStatus(path)).toBeUndefined();
});

const MIN = 60_000;
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
