import { expect, test } from 'vitest';
import { UndoList } from '../../src/project/git/undo-list.ts';

test('acts are taken back last first, and one that fails stops no other', async () => {
  const seen: string[] = [];
  const undo = new UndoList();
  undo.push(async () => seen.push('first'));
  undo.push(() => Promise.reject(new Error('gone already')));
  undo.push(async () => seen.push('last'));
  await undo.run();
  expect(seen).toEqual(['last', 'first']);
});
