import { expect, test } from 'vitest';
import { columnsOf } from '../../../../src/core/faces/terminal/columns.ts';
import { makeStyle } from '../../../../src/core/faces/terminal/style.ts';
import { statusText } from '../../../../src/extensions/pool/acts/status.command.ts';
import type { JoinRequest } from '../../../../src/extensions/pool/members/join-request.ts';
import { machinesOf, type PoolMembers } from '../../../../src/extensions/pool/membership/machines.ts';
import type { PoolStatus } from '../../../../src/extensions/pool/membership/pool-status.ts';

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
  expect(shown(200)).toMatchInlineSnapshot(`
    "anna · this machine, owner · lacks gemini for rigging
      seen 4 s ago · 1 of 2 slots used · claude, codex · sandbox strict · 0.0.0-test
      SHA256:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs
    bert · silent for 3 min; other machines take its sessions
      seen 3 min ago · 0 of 2 slots used · claude, codex · sandbox strict · 0.0.0-test
      SHA256:PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0
    mini · not a member yet
      asked to join · 2 slots · claude, codex · sandbox strict · 0.0.0-test
      SHA256:YsZqel3XDDFGYYBjw0TlMebUtZ43mAhEPOlis6vWPFo

    hull     anna        running  iteration 12  published 9 s ago, 3 s behind
    rigging  no machine  running  iteration 3   published 1 min ago

    hull: build/model.bin (61 MB) stays on anna: it is larger than 50 MB. For 1 more: samocode pool status --json

    Copies of sessions on this machine: 3 (13 MB)

    ! It failed."
  `);
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
