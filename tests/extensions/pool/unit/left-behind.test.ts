import { expect, test } from 'vitest';
import {
  readStateManifest,
  stateManifestText,
} from '../../../../src/extensions/pool/board/state-manifest.ts';
import { leftBehind } from '../../../../src/extensions/pool/states/left-behind.ts';
import { ci } from '../../../support/ci.ts';
import { MANIFEST } from './state-manifest-sample.ts';

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
