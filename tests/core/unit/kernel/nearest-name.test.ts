import { expect, test } from 'vitest';
import { nearestName } from '../../../../src/core/kernel/nearest-name.ts';

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
  expect(nearestName('nope', ['dop2', 'dive'])).toBeUndefined();
});
