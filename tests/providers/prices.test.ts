import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateUsd, readPrices } from '../../src/providers/prices.ts';
import { tempDir } from '../support/temp-dir.ts';

const MILLION = { input: 1_000_000, cached: 1_000_000, output: 1_000_000 };

test('the longest beginning of a model name decides its price', () => {
  expect(estimateUsd('gpt-5-codex', MILLION)).toBe(1.25 + 0.125 + 10);
  expect(estimateUsd('gpt-5-mini-2025', MILLION)).toBe(0.25 + 0.025 + 2);
  expect(estimateUsd('a model of nobody', MILLION)).toBeUndefined();
});

test("a person's prices come before ours, and entries that can't be read are left out", async () => {
  await using dir = await tempDir();
  const prices = { 'gpt-6': { input: 1, cached: 0, output: 2 }, broken: { input: 'much' } };
  await writeFile(join(dir.path, 'prices.json'), JSON.stringify(prices));
  const own = await readPrices(dir.path);
  expect(Object.keys(own)).toEqual(['gpt-6']);
  expect(estimateUsd('gpt-6.1-sol', MILLION, own)).toBe(3);
});

test('without a file of prices, or with any other text in it, there are none of the person', async () => {
  await using dir = await tempDir();
  expect(await readPrices(dir.path)).toEqual({});
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      await writeFile(join(dir.path, 'prices.json'), text);
      for (const price of Object.values(await readPrices(dir.path))) {
        expect(price).toMatchObject({ input: expect.any(Number), output: expect.any(Number) });
      }
    }),
    { numRuns: 100 },
  );
});
