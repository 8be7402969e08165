import fc from 'fast-check';
import { expect } from 'vitest';
import type { Provider, VendorFacts } from '../../../../src/core/agents/contract/provider.ts';
import { transcriptOf } from '../../../../src/core/agents/reading/transcript.ts';
import { isOlder } from '../../../../src/core/kernel/versions.ts';
import { REQUEST } from './requests.ts';

const CRASHED = { exitCode: 1, stderrTail: '' };

/** What the worker and every table expect of any provider. @throws if this one does not comply */
export async function expectContract(provider: Provider): Promise<void> {
  expectData(provider);
  expectCommand(provider);
  expectReading(provider);
  expectEnds(provider);
  const question = { cliSession: 'none', folder: '/nowhere', final: undefined, now: 0 };
  expect((await provider.readTraces?.(question)) ?? {}).toEqual({});
}

function expectData({ name, settings, preflight, facts, prices, client, ...data }: Provider): void {
  expect(name).toMatch(/^[a-z]+$/);
  expect(preflight === undefined, 'doctor can run a CLI that has settings, and never the bundled agent').toBe(
    settings === undefined,
  );
  // The command of ACP_COMMAND has no known vendor.
  if (preflight && data.defaultCommand !== '') expect(facts, 'who may log in').toBeDefined();
  if (facts) expectFacts(facts);
  const { credentials, markers, leftovers = [] } = data;
  for (const variable of [...credentials, ...markers]) expect(variable).toMatch(/^[A-Z][A-Z0-9_]*$/);
  expect(credentials.filter((each) => [...markers, ...leftovers].includes(each))).toEqual([]);
  for (const { input, cached, output } of Object.values(prices)) {
    expect(cached).toBeLessThanOrEqual(input);
    expect(input).toBeLessThanOrEqual(output);
  }
  if (client) expect(client.byDefaultMs).toBeLessThanOrEqual(client.maxMs);
}

function expectFacts({ accounts, tested, readOn, source }: VendorFacts): void {
  expect(accounts).not.toBe('');
  expect(new Date(readOn).toISOString().slice(0, 10)).toBe(readOn);
  expect(URL.canParse(source)).toBe(true);
  if (tested) expect(isOlder(tested.newest, tested.oldest)).toBe(false);
}

function expectCommand(provider: Provider): void {
  for (const permissions of ['skip', 'allow'] as const) {
    const command = provider.buildCommand({ ...REQUEST, permissions });
    expect([REQUEST.cliPath, REQUEST.nodePath]).toContain(command.file);
    expect(command.stdinPath, 'a prompt among the arguments would be visible to every user').toBe(
      REQUEST.promptPath,
    );
    expect(command.env).toMatchObject(REQUEST.env);
  }
}

function expectReading(provider: Provider): void {
  const line = fc.oneof(fc.string(), fc.json());
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const reader = provider.newReader();
      for (const each of lines) {
        expect(Array.isArray(reader.readLine(each))).toBe(true);
        expect(Array.isArray(transcriptOf(provider, each))).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
}

function expectEnds(provider: Provider): void {
  expect(provider.classifyEnd({ ok: true }, { ...CRASHED, exitCode: 0 })).toBeUndefined();
  expect(provider.classifyEnd(undefined, CRASHED)).toMatchObject({ kind: 'crashed' });
  const told = { ok: false, problem: { kind: 'auth' } } as const;
  expect(provider.classifyEnd(told, CRASHED)).toMatchObject({ kind: 'auth' });
}
