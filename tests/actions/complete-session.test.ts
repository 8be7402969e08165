import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rankOf } from '../../src/actions/reading/complete-session.ts';

test.each([
  ['26-01-08-boat', 'boat', 0],
  ['26-01-08-boat', '26-01-08-boat', 0],
  ['26-01-08-boat-race', 'boat', 1],
  ['26-01-08-boat', '26-01', 1],
  ['26-01-08-paper-boat', 'boat', 2],
  ['26-01-08-paper-boat', 'aper', 3],
  ['26-01-08-boat', 'kite', undefined],
  ['26-01-08-Boat', 'boat', 0],
])('%s is as near to %j as rank %s says', (folder, typed, rank) => {
  expect(rankOf(folder, typed)).toBe(rank);
});

test('whatever part of a name is typed fits, and more of it is never farther away', () => {
  const name = fc.stringMatching(/^[a-z]{1,9}(-[a-z0-9]{1,9}){0,4}$/);
  fc.assert(
    fc.property(name, fc.nat(40), fc.nat(40), (text, from, length) => {
      const typed = text.slice(from, from + length);
      expect(rankOf(`26-01-08-${text}`, typed)).toBeLessThanOrEqual(3);
      const shorter = rankOf(text, text.slice(0, length)) ?? 9;
      expect(rankOf(text, text)).toBeLessThanOrEqual(shorter);
    }),
  );
});
