import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearestName } from '../../src/base/nearest-name.ts';

test.each([
  ['PROVDER', 'PROVIDER'],
  ['provider', 'PROVIDER'],
  ['TIEMOUT', 'TIMEOUT'],
  ['MODELL', 'MODEL'],
])('for %s the suggestion is %s', (written, meant) => {
  expect(nearestName(written, ['PROVIDER', 'MODEL', 'TIMEOUT'])).toBe(meant);
});

test('a name that resembles none has no suggestion', () => {
  expect(nearestName('colour', ['PROVIDER', 'MODEL'])).toBeUndefined();
  expect(nearestName('', ['PROVIDER'])).toBeUndefined();
});

test('a known name is always its own nearest, and nothing throws', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }).filter((text) => text === text.trim().toLowerCase())),
      (names) => {
        for (const name of names) expect(nearestName(name, names)).toBe(name);
      },
    ),
  );
});
