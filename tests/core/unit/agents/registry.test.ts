import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemOfTurn } from '../../../../src/core/agents/codex/codex-end.ts';
import { classifyGeminiEnd, problemOfResult } from '../../../../src/core/agents/gemini/gemini-end.ts';
import { estimateUsd, readPrices } from '../../../../src/core/agents/prices.ts';
import { limitEndIn } from '../../../../src/core/agents/reading/limit-time.ts';
import { allProviders, providerNamed } from '../../../../src/core/agents/registry.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { expectContract } from './contract.ts';

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

const MILLION = { input: 1_000_000, cached: 1_000_000, output: 1_000_000 };

const usd = (provider: string, models: ReadonlyArray<string | undefined>, own = {}) =>
  estimateUsd({ provider, models, tokens: MILLION, own })?.usd;

test('the longest matching prefix of a model name determines its price', () => {
  expect(usd('codex', ['gpt-5-codex'])).toBe(1.25 + 0.125 + 10);
  expect(usd('codex', ['gpt-5-mini-2025'])).toBe(0.25 + 0.025 + 2);
  expect(usd('codex', ['gpt-6.1-sol'])).toBe(2 + 0.1 + 10);
  expect(usd('codex', ['gpt-6.2-sol'])).toBe(2 + 0.1 + 10);
  expect(usd('codex', ['gpt-5.6-terra-2026'])).toBe(2 + 0.2 + 12);
});

test('a name for several models has no price: the first of the other names with a price counts', () => {
  const estimate = estimateUsd({ provider: 'gemini', models: ['auto', 'gemini-2.5-flash'], tokens: MILLION });
  expect(estimate).toEqual({ usd: 0.3 + 0.075 + 2.5, model: 'gemini-2.5-flash' });
});

test('an unlisted version has no price, unless the user set one', () => {
  expect(usd('codex', ['gpt-5.9-codex'])).toBe(35.5);
  expect(usd('codex', ['gpt-5.9-codex'], { 'gpt-5': { input: 1, cached: 0, output: 0 } })).toBe(1);
});

test("a model without a price costs as much as its provider's most expensive one, pro models only for pro", () => {
  const tokens = MILLION;
  expect(estimateUsd({ provider: 'codex', models: ['gpt-9', undefined, ''], tokens })).toEqual({ usd: 35.5 });
  expect(usd('codex', [])).toBe(35.5);
  expect(usd('codex', ['o9-pro', 'gpt-9-pro'])).toBe(240);
  expect(usd('gemini', ['auto'])).toBe(14.2);
  expect(usd('claude', ['claude-next'])).toBe(91.5);
  expect(usd('rehearsal', ['rehearsal'])).toBeUndefined();
});

test("the user's prices override the built-in ones, and entries that cannot be read are skipped", async () => {
  await using dir = await tempDir();
  const prices = { 'gpt-6': { input: 1, cached: 0, output: 2 }, broken: { input: 'much' } };
  await writeFile(join(dir.path, 'prices.json'), JSON.stringify(prices));
  const own = await readPrices(dir.path);
  expect(Object.keys(own)).toEqual(['gpt-6']);
  expect(usd('codex', ['gpt-6.1-sol'], own)).toBe(3);
});

test('without a file of prices there are no user prices', async () => {
  await using dir = await tempDir();
  expect(await readPrices(dir.path)).toEqual({});
});

const NOON = new Date('2026-11-20T12:00:00').getTime();
const at = (local: string) => new Date(local).getTime() + 60_000;
const H = 3_600_000;

test.each<[string, number | undefined]>([
  ['… or try again at 3:06 PM.', at('2026-11-20T15:06:00')],
  ['… or try again at 9:06 AM.', at('2026-11-21T09:06:00')],
  ['… or try again at Nov 23rd, 2026 9:08 AM.', at('2026-11-23T09:08:00')],
  ["You've hit your usage limit. Try again at 3:07 PM.", at('2026-11-20T15:07:00')],
  ['TRY AGAIN AT 3:07PM', at('2026-11-20T15:07:00')],
  ['Your limit resets at 1:00 am', at('2026-11-21T01:00:00')],
  ['Your quota will reset after 21h53m56s.', NOON + 21 * H + 53 * 60_000 + 56_000],
  ['Please retry in 45 seconds', NOON + 45_000],
  ['Try again in 3 days 2 hours and 5 minutes.', NOON + 74 * H + 5 * 60_000],
  ['… or try again later.', undefined],
  ['Try again in the morning', undefined],
])('the end of a usage limit is read from: %s', (message, end) => {
  expect(limitEndIn(message, NOON)).toBe(end);
});

const CAPACITY = 'You have exhausted your capacity on this model. Your quota will reset after 21h53m56s.';

test("a vendor's other words for a limit are one too, with any exit status", () => {
  expect(problemOfTurn("You've hit your usage limit. Try again at 3:07 PM.")).toEqual({
    kind: 'usage_limit',
  });
  expect(problemOfResult(`[API Error: ${CAPACITY}]`)).toEqual({ kind: 'usage_limit' });
  for (const exitCode of [173, 1])
    expect(classifyGeminiEnd(undefined, { exitCode, stderrTail: `Error: ${CAPACITY}\n` })).toEqual({
      kind: 'usage_limit',
    });
  const passing = { exitCode: 173, stderrTail: 'You have exhausted your capacity on this model.' };
  expect(classifyGeminiEnd(undefined, passing)).toEqual({ kind: 'overloaded' });
});
