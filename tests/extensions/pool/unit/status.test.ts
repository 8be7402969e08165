import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { columnsOf } from '../../../../src/core/faces/terminal/columns.ts';
import { makeStyle } from '../../../../src/core/faces/terminal/style.ts';
import { supervisorNow } from '../../../../src/extensions/pool/acts/status.act.ts';
import { statusText } from '../../../../src/extensions/pool/acts/status.command.ts';
import { machinesOf, noteOf, type PoolFacts } from '../../../../src/extensions/pool/membership/machines.ts';
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
const status: PoolStatus = {
  ...{ v: 1, at: at(4000), lookedAt: at(4000), problems: [], disk: { copies: 3, bytes: 12_400_000 } },
  hosts: [
    { id: 'b', name: 'bert', ...card, seenMsAgo: 176_000, isLive: false, isRemoved: false },
    { id: 'a', name: 'anna', ...card, seenMsAgo: 0, isLive: true, isRemoved: false },
    { id: 'o', name: 'old', ...card, seenMsAgo: 0, isLive: true, isRemoved: true },
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

function shown(columns: number, hosts = status.hosts): string {
  const now = { isLeaving: false, supervisor: undefined, nowMs: NOW_MS };
  const machines = machinesOf({ self: 'a', status: { ...status, hosts }, ...now });
  const names = new Map(hosts.map(({ id, name }) => [id, name]));
  const sessions = status.sessions.map(({ folder, host, ...rest }) => ({
    ...{ session: folder, ...rest, host: names.get(host ?? ''), left: LEFT[folder] ?? [] },
  }));
  const report = { machines, sessions, problems: ['It failed.'], disk: status.disk };
  return statusText(report, { columns, textColumns: columns, style: makeStyle(false), nowMs: NOW_MS });
}

test('the status of a pool fits 80 columns, with the login of each machine', () => {
  expect(shown(80)).toMatchInlineSnapshot(`
    "anna · this machine · lacks gemini for rigging
      seen 4 s ago · 1 of 2 slots used · claude, codex · sandbox strict · 0.0.0-test
      · login a
    bert · silent for 3 min; other machines take its sessions
      seen 3 min ago · 0 of 2 slots used · claude, codex · sandbox strict ·
      0.0.0-test · login b

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
  const unwrapped = shown(80)
    .replaceAll(/\n {2}(?:·|0\.0\.0-test ·) login/g, (cut) => cut.replace('\n ', ''))
    .replace('1\nmore', '1 more');
  expect(shown(200)).toBe(unwrapped);
});

test('what a machine publishes cannot add lines to the status', () => {
  const forged = 'x\nanna · owner\n  SHA256:forged\u001b[2J';
  const hosts = status.hosts.map((each) => ({
    ...each,
    name: `${each.name}${forged}`,
    version: forged,
    labels: [...each.labels, forged],
  }));
  const lines = shown(200, hosts).split('\n');
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
  const state = { state: 'a'.repeat(40), author: 'h' };
  const entry = {
    id: 's',
    project: 'p',
    folder: 'hull',
    host: 'h',
    epoch: 1,
    wanted: true,
    needs: [],
    ...state,
  };
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
type Facts = Parameters<typeof noteOf>[0] & Pick<PoolFacts, 'supervisor' | 'isLeaving'>;
const seen: Facts = {
  ...{ isRemoved: false, isSelf: true, isLive: true, seenMsAgo: 4000 },
  ...{ isLeaving: false, supervisor: undefined },
};

test.each<[facts: Facts, note: string | undefined]>([
  [seen, undefined],
  [{ ...seen, ...silent, slots: { used: 2, all: 2 } }, 'silent for 3 min; other machines take its sessions'],
  [{ ...seen, slots: { used: 1, all: 2 } }, undefined],
  [{ ...seen, slots: { used: 2, all: 2 }, lacks }, 'all 2 slots are used'],
  [{ ...seen, slots: { used: 1, all: 1 } }, 'its only slot is used'],
  [{ ...seen, lacks }, 'lacks codex for hull'],
  [{ ...seen, lacks: { session: 'hull', needs: ['codex', 'guard'] } }, 'lacks codex and guard for hull'],
  [{ ...seen, isLeaving: true, lacks }, 'leaving; it takes no more sessions'],
  [{ ...seen, isRemoved: true }, 'removed from the pool'],
  [{ ...seen, supervisor: { kind: 'starting' } }, 'its supervisor starts now'],
  [
    { ...seen, supervisor: { kind: 'quiet', msAgo: 5 * MIN }, isLeaving: true },
    'its supervisor has not looked at the pool for 5 min',
  ],
  [{ ...seen, version: '0.9.1' }, 'has an older version than this machine: 0.9.1, here 1.0.0'],
  [{ ...seen, version: '1.2.0' }, 'has a newer version than this machine: 1.2.0, here 1.0.0'],
  [{ ...seen, version: '1.0.0' }, undefined],
  [{ ...seen, isSelf: false, isLeaving: true, supervisor: { kind: 'starting' } }, undefined],
])('of a machine with %j the pool says "%s"', ci, (facts, note) => {
  expect(noteOf(facts, facts, '1.0.0')).toBe(note);
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
