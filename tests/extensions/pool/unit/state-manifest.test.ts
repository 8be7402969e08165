import { expect, test } from 'vitest';
import {
  readStateManifest,
  stateManifestText,
} from '../../../../src/extensions/pool/board/state-manifest.ts';
import { MANIFEST } from './state-manifest-sample.ts';

test('a manifest is one line, and is read as it was written', () => {
  expect(stateManifestText(MANIFEST)).not.toContain('\n');
  expect(readStateManifest(stateManifestText(MANIFEST))).toEqual({ kind: 'manifest', manifest: MANIFEST });
});

test('a manifest of a newer samocode is told from one that is none', () => {
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
