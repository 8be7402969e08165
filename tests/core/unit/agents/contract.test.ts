import { expect, test } from 'vitest';
import { allProviders } from '../../../../src/core/agents/registry.ts';
import { expectContract } from './contract.ts';

test.each(allProviders().map((provider) => [provider.name, provider] as const))(
  '%s complies with the contract',
  async (_name, provider) => {
    await expectContract(provider);
  },
);

test('a provider must pass a prompt to its agent', async () => {
  const [provider] = allProviders();
  if (provider === undefined) throw new Error('There is no provider.');
  const buildCommand: typeof provider.buildCommand = (request) => ({
    ...provider.buildCommand(request),
    stdinPath: undefined,
  });
  await expect(expectContract({ ...provider, buildCommand })).rejects.toThrow('prompt');
});

test('no two providers share a name, a variable that they set or a client', () => {
  // A key can be one for two CLIs of a vendor.
  const shared = allProviders().flatMap(({ name, markers, client }) => [
    ...[name, ...markers],
    ...(client ? [client.name] : []),
  ]);
  expect(new Set(shared).size).toBe(shared.length);
});
