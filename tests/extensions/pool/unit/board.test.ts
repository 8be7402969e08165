import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { PostgresBoard } from '../../../../src/extensions/pool/board/postgres-board.ts';
import type { PostgresPlan } from '../../../../src/extensions/pool/board/postgres-connection.ts';
import {
  readStateManifest,
  type StateManifest,
  stateManifestText,
} from '../../../../src/extensions/pool/board/state-manifest.ts';
import { leftBehind } from '../../../../src/extensions/pool/states/left-behind.ts';
import { ci } from '../../../support/ci.ts';
import { heldBy } from '../../../support/held-by.ts';

test('the signal of a supervisor keeps no reference to the waits of its board', async () => {
  const { signal } = new AbortController();
  // A wait reads nothing else of the plan.
  const board = new PostgresBoard({ clock } as PostgresPlan);
  for (let wait = 0; wait < 3; wait += 1) await board.changed(1, signal);
  expect(heldBy(signal)).toBe(0);
});

const MANIFEST: StateManifest = {
  v: 1,
  id: '01JZZZZZZZZZZZZZZZZZZZZZZZ',
  project: '1'.repeat(40),
  folder: '26-01-08-späte "Änderung"',
  ...{ n: 12, lease: 3, epoch: 2, wanted: true, needs: ['claude'], version: '1.0.0' },
  ...{ host: 'h1', hostName: 'one\ntwo', head: '2'.repeat(64), branch: 'samocode/x' },
  card: { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' },
};

test('a manifest is one line, and is read as it was written', () => {
  expect(stateManifestText(MANIFEST)).not.toContain('\n');
  expect(readStateManifest(stateManifestText(MANIFEST))).toEqual({ kind: 'manifest', manifest: MANIFEST });
});

test('a manifest of a newer samocode is distinguished from an invalid one', () => {
  expect(readStateManifest(JSON.stringify({ ...MANIFEST, v: 2 }))).toEqual({ kind: 'newer' });
  expect(readStateManifest(JSON.stringify({ v: 3 }))).toEqual({ kind: 'newer' });
  expect(readStateManifest('Merge branch main')).toEqual({ kind: 'malformed' });
});

test.each([
  { folder: '../../.ssh' },
  { folder: '.git' },
  { id: '../x' },
  { project: 'HEAD' },
  { epoch: -1 },
  { card: {} },
])('a manifest with %j is none', (change) => {
  expect(readStateManifest(JSON.stringify({ ...MANIFEST, ...change }))).toEqual({ kind: 'malformed' });
});

const MB = 1024 * 1024;

test('each kind of work that stays is named with its machine and the reason', ci, () => {
  const files = [
    { path: 'build/model.bin', bytes: 61 * MB },
    { path: 'deps/*' },
    { path: 'private.env', bytes: 100 },
    { path: 'session/a\\b.md', bytes: 2048 },
  ];
  expect(leftBehind({ on: 'mini', files, submodules: ['libs/outer'], more: 980 })).toEqual([
    'build/model.bin (61 MB) stays on mini: it is larger than 50 MB.',
    'deps/* stays on mini: the folder has more than 5,000 new files, or more than 500 MB of them.',
    'private.env (1 kB) stays on mini: it cannot be read, the repository encrypts it, or the session has more than 1 GB of documents.',
    'session/a\\b.md (2 kB) stays on mini: its name contains a character that is not allowed in a state.',
    'Changes in libs/outer stay on mini: it is a submodule or a separate repository.',
    '980 more paths of these kinds also stay on mini.',
  ]);
});

test('nothing is said of a state that includes everything', () => {
  expect(leftBehind(undefined)).toEqual([]);
  expect(leftBehind({ on: 'mini' })).toEqual([]);
});

test('the sentences are bounded and are one line each, whatever a machine published', () => {
  const files = Array.from({ length: 1000 }, (_, at) => ({ path: `a\n\u001b[31m${at}`, bytes: 60 * MB }));
  const sentences = leftBehind({ on: 'mi\nni', files });
  expect(sentences).toHaveLength(21);
  expect(sentences[0]).toBe('a 0 (60 MB) stays on mi ni: it is larger than 50 MB.');
  expect(sentences.at(-1)).toBe('980 more paths of these kinds also stay on mi ni.');
});

test.each([{ on: 3 }, 'all', { on: 'mini', files: [{}] }])(
  'a manifest is read without the malformed list %j',
  (left) => {
    const reading = readStateManifest(JSON.stringify({ ...MANIFEST, left }));
    expect(reading).toEqual({ kind: 'manifest', manifest: MANIFEST });
  },
);

test('a manifest keeps the list', () => {
  const left = { on: 'mini', files: [{ path: 'a', bytes: 1 }], submodules: ['b'], more: 2 };
  expect(readStateManifest(stateManifestText({ ...MANIFEST, left }))).toEqual({
    kind: 'manifest',
    manifest: { ...MANIFEST, left },
  });
});
