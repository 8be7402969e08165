import { expect, test } from 'vitest';
import { readStateNote, stateNoteText } from '../../../../src/extensions/pool/board/state-note.ts';
import { NOTE } from './state-note-sample.ts';

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
