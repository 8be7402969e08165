import type { StateManifest } from '../../../../src/extensions/pool/board/state-manifest.ts';

export const MANIFEST: StateManifest = {
  v: 1,
  id: '01JZZZZZZZZZZZZZZZZZZZZZZZ',
  project: '1'.repeat(40),
  folder: '26-01-08-späte "Änderung"',
  ...{ n: 12, lease: 3, epoch: 2, wanted: true, needs: ['claude'], version: '1.0.0' },
  ...{ host: 'h1', hostName: 'one\ntwo', head: '2'.repeat(64), branch: 'samocode/x' },
  card: { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' },
};
