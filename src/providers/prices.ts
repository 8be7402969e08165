import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../base/errors.ts';
import type { TokenCounts } from './provider.ts';

/** US dollars for a million tokens. */
export const Price = z.object({ input: z.number(), cached: z.number(), output: z.number() });
export type Price = z.infer<typeof Price>;

/**
 * List prices by the beginning of a model's name, for CLIs that tell tokens and no money. They age: what
 * is computed from them is marked as an estimate, and `prices.json` of the config folder overrides them.
 */
const LIST_PRICES: Readonly<Record<string, Price>> = {
  // For children that were ended before Claude Code told what they cost.
  'claude-opus': { input: 5, cached: 0.5, output: 25 },
  'claude-opus-4-1': { input: 15, cached: 1.5, output: 75 },
  'claude-sonnet': { input: 3, cached: 0.3, output: 15 },
  'claude-haiku': { input: 1, cached: 0.1, output: 5 },
  'gpt-5': { input: 1.25, cached: 0.125, output: 10 },
  'gpt-5-mini': { input: 0.25, cached: 0.025, output: 2 },
  'gpt-5-nano': { input: 0.05, cached: 0.005, output: 0.4 },
  'gpt-5-pro': { input: 15, cached: 15, output: 120 },
  'codex-mini': { input: 1.5, cached: 0.375, output: 6 },
  o3: { input: 2, cached: 0.5, output: 8 },
  'o4-mini': { input: 1.1, cached: 0.275, output: 4.4 },
  'gemini-2.5-pro': { input: 1.25, cached: 0.31, output: 10 },
  'gemini-2.5-flash': { input: 0.3, cached: 0.075, output: 2.5 },
  'gemini-2.5-flash-lite': { input: 0.1, cached: 0.025, output: 0.4 },
  'gemini-3-pro': { input: 2, cached: 0.2, output: 12 },
};

const PRICES_FILE = 'prices.json';

/**
 * The person's own prices, `{"model-prefix": {"input": …, "cached": …, "output": …}}` in US dollars for a
 * million tokens; entries that can't be read are left out.
 */
export async function readPrices(configFolder: string): Promise<Record<string, Price>> {
  const text = await ifExists(readFile(join(configFolder, PRICES_FILE), 'utf8'));
  try {
    const entries = Object.entries(z.record(z.string(), z.unknown()).parse(JSON.parse(text ?? '{}')));
    return Object.fromEntries(
      entries.flatMap(([model, value]) => {
        const price = Price.safeParse(value);
        return price.success ? [[model, price.data] as const] : [];
      }),
    );
  } catch {
    return {};
  }
}

/** US dollars for the tokens of a model; undefined when no price is known for it. The longest prefix counts. */
export function estimateUsd(
  model: string,
  tokens: TokenCounts,
  own: Readonly<Record<string, Price>> = {},
): number | undefined {
  const prices = { ...LIST_PRICES, ...own };
  const prefix = Object.keys(prices)
    .filter((name) => model.startsWith(name))
    .sort((a, b) => b.length - a.length)[0];
  const price = prefix === undefined ? undefined : prices[prefix];
  if (!price) return undefined;
  const { input, cached, output } = tokens;
  return (input * price.input + cached * price.cached + output * price.output) / 1e6;
}
