import { expect, test } from 'vitest';
import { allProviders, providerNamed } from '../../../../src/core/agents/registry.ts';

test('every provider is found under its own name in any letter case', () => {
  for (const provider of allProviders())
    expect(providerNamed(` ${provider.name.toUpperCase()} `)).toBe(provider);
});

test('names are unique', () => {
  expect(new Set(allProviders().map((provider) => provider.name)).size).toBe(allProviders().length);
});

test('an unknown provider is refused with the known names and the nearest one', () => {
  expect(() => providerNamed('cluade')).toThrow(expect.objectContaining({ code: 'unknown_provider' }));
  expect(() => providerNamed('cluade')).toThrow('Did you mean "claude"?');
  expect(() => providerNamed('hal')).toThrow('Set PROVIDER to one of them.');
});
