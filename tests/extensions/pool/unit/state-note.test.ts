import { expect, test } from 'vitest';
import { readStateNote, type StateNote, stateNoteText } from '../../../../src/extensions/pool/state-note.ts';

const NOTE: StateNote = {
  v: 1,
  id: '01JZZZZZZZZZZZZZZZZZZZZZZZ',
  project: '1'.repeat(40),
  folder: '26-01-08-späte "Änderung"',
  ...{ n: 12, lease: 3, epoch: 2, wanted: true, needs: ['claude'], version: '1.0.0' },
  ...{ host: 'h1', hostName: 'one\ntwo', head: '2'.repeat(64), branch: 'samocode/x' },
  card: { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' },
};

test('a note is one line, and is read as it was written', () => {
  expect(stateNoteText(NOTE)).not.toContain('\n');
  expect(readStateNote(stateNoteText(NOTE))).toEqual({ kind: 'note', note: NOTE });
});

test('a note of a newer samocode is told from one that is none', () => {
  expect(readStateNote(JSON.stringify({ ...NOTE, v: 2 }))).toEqual({ kind: 'newer' });
  expect(readStateNote(JSON.stringify({ v: 3 }))).toEqual({ kind: 'newer' });
  expect(readStateNote('Merge branch main')).toEqual({ kind: 'malformed' });
});

test.each([
  { folder: '../../.ssh' },
  { folder: '.git' },
  { id: '../x' },
  { project: 'HEAD' },
  { epoch: -1 },
  { card: {} },
])('a note with %j is none', (change) => {
  expect(readStateNote(JSON.stringify({ ...NOTE, ...change }))).toEqual({ kind: 'malformed' });
});
