import { expect, test } from 'vitest';
import { newRegistry } from '../../../../src/core/kernel/registry.ts';

test('a registry gives what was handed over', () => {
  const colours = newRegistry<string>('colours');
  colours.handOver(['red']);
  expect(colours.items).toEqual(['red']);
});

test('a registry that nobody has filled is not read as empty', () => {
  expect(() => newRegistry('colours').items).toThrow('colours of the extensions were read before');
});

test('a second list is refused', () => {
  const colours = newRegistry<string>('colours');
  colours.handOver([]);
  expect(() => colours.handOver(['red'])).toThrow('colours of the extensions were handed over twice');
});
