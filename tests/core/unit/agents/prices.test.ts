import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { estimateUsd, readPrices } from '../../../../src/core/agents/prices.ts';
import { tempDir } from '../../../support/temp-dir.ts';

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
