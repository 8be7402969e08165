import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../../base/errors.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { TokenCounts } from '../contract/provider.ts';

/** US dollars for a million tokens. */
export const Price = z.object({ input: z.number(), cached: z.number(), output: z.number() });
export type Price = z.infer<typeof Price>;

/**
 * List prices by provider and the beginning of a model's name, for CLIs that tell tokens and no money. They
 * age: what is computed from them is marked as an estimate, and `prices.json` of the config folder overrides
 * them.
 */
const LIST_PRICES: Readonly<Record<string, Readonly<Record<string, Price>>>> = {
  // For children that were ended before Claude Code told what they cost.
  claude: {
    'claude-fable': { input: 10, cached: 1, output: 50 },
    'claude-opus': { input: 5, cached: 0.5, output: 25 },
    'claude-opus-4-1': { input: 15, cached: 1.5, output: 75 },
    'claude-sonnet': { input: 3, cached: 0.3, output: 15 },
    'claude-haiku': { input: 1, cached: 0.1, output: 5 },
  },
  codex: {
    'gpt-5': { input: 1.25, cached: 0.125, output: 10 },
    'gpt-5-mini': { input: 0.25, cached: 0.025, output: 2 },
    'gpt-5-nano': { input: 0.05, cached: 0.005, output: 0.4 },
    'gpt-5-pro': { input: 15, cached: 15, output: 120 },
    'gpt-5.1': { input: 1.25, cached: 0.125, output: 10 },
    'gpt-5.2': { input: 1.75, cached: 0.175, output: 14 },
    'gpt-5.2-pro': { input: 21, cached: 21, output: 168 },
    'gpt-5.3': { input: 1.75, cached: 0.175, output: 14 },
    'gpt-5.4': { input: 2.5, cached: 0.25, output: 15 },
    'gpt-5.4-mini': { input: 0.75, cached: 0.075, output: 4.5 },
    'gpt-5.4-nano': { input: 0.2, cached: 0.02, output: 1.25 },
    'gpt-5.4-pro': { input: 30, cached: 30, output: 180 },
    'gpt-5.5': { input: 5, cached: 0.5, output: 30 },
    'gpt-5.5-pro': { input: 30, cached: 30, output: 180 },
    'gpt-5.6': { input: 5, cached: 0.5, output: 30 },
    'gpt-5.6-terra': { input: 2, cached: 0.2, output: 12 },
    'gpt-5.6-luna': { input: 0.2, cached: 0.02, output: 1.2 },
    'gpt-6-sol': { input: 2, cached: 0.2, output: 10 },
    'gpt-6.1-sol': { input: 2, cached: 0.1, output: 10 },
    'codex-mini': { input: 1.5, cached: 0.375, output: 6 },
    o3: { input: 2, cached: 0.5, output: 8 },
    'o4-mini': { input: 1.1, cached: 0.275, output: 4.4 },
  },
  gemini: {
    'gemini-2.5-pro': { input: 1.25, cached: 0.31, output: 10 },
    'gemini-2.5-flash': { input: 0.3, cached: 0.075, output: 2.5 },
    'gemini-2.5-flash-lite': { input: 0.1, cached: 0.025, output: 0.4 },
    'gemini-3-pro': { input: 2, cached: 0.2, output: 12 },
    'gemini-3.1-pro': { input: 2, cached: 0.2, output: 12 },
    'gemini-3.5-flash': { input: 1.5, cached: 0.15, output: 9 },
  },
};

/** Ten times as dear as their like, and nobody gets one unasked. */
const PRO = /^gpt-.*-pro\b/;

export const PRICES_FILE = 'prices.json';

/**
 * The person's own prices, `{"model-prefix": {"input": …, "cached": …, "output": …}}` in US dollars for a
 * million tokens; entries that can't be read are left out.
 */
export async function readPrices(configFolder: string): Promise<Record<string, Price>> {
  const text = await ifExists(readFile(join(configFolder, PRICES_FILE), 'utf8'));
  const entries = z.record(z.string(), z.unknown()).safeParse(parseJson(text ?? '')).data ?? {};
  return Object.fromEntries(
    Object.entries(entries).flatMap(([model, value]) => {
      const price = Price.safeParse(value);
      return price.success ? [[model, price.data] as const] : [];
    }),
  );
}

export interface Estimate {
  usd: number;
  /** The model whose price counted; absent when none of them has one, and the provider's dearest counted. */
  model?: string;
}

export interface Spending {
  provider: string;
  /** Names under which the model may have a price, the first with one counts; `auto` and its like have none. */
  models: ReadonlyArray<string | undefined>;
  tokens: TokenCounts;
  /** The person's own prices. */
  own?: Readonly<Record<string, Price>>;
}

/**
 * What tokens have cost, rather too much than too little, so that a limit on money holds for a model of
 * tomorrow too. Undefined only for a provider of whose models no price is known at all.
 */
export function estimateUsd({ provider, models, tokens, own = {} }: Spending): Estimate | undefined {
  const all: Readonly<Record<string, Price>> = Object.assign({}, ...Object.values(LIST_PRICES));
  const named = models.filter((model): model is string => Boolean(model));
  for (const model of named) {
    const price = priceOf(model, own) ?? priceOf(model, all, isSameVersion);
    if (price) return { usd: usdOf(tokens, price), model };
  }
  const price = dearest(LIST_PRICES[provider] ?? {}, named);
  return price && { usd: usdOf(tokens, price) };
}

/** The longest beginning of its name counts. @param fits whether the rest of the name may follow it */
function priceOf(
  model: string,
  prices: Readonly<Record<string, Price>>,
  fits: (rest: string) => boolean = () => true,
): Price | undefined {
  const prefix = Object.keys(prices)
    .filter((name) => model.startsWith(name) && fits(model.slice(name.length)))
    .sort((a, b) => b.length - a.length)[0];
  return prefix === undefined ? undefined : prices[prefix];
}

/** A version that came after our list (`.7` behind `gpt-5`) is another model, and dearer for all we know. */
function isSameVersion(rest: string): boolean {
  return !/^[.\d]/.test(rest);
}

function dearest(listed: Readonly<Record<string, Price>>, models: readonly string[]): Price | undefined {
  const isPro = models.some((model) => PRO.test(model));
  const like = Object.entries(listed).filter(([name]) => PRO.test(name) === isPro);
  const sum = ({ input, cached, output }: Price) => input + cached + output;
  return like.map(([, price]) => price).sort((a, b) => sum(b) - sum(a))[0];
}

function usdOf({ input, cached, output }: TokenCounts, price: Price): number {
  return (input * price.input + cached * price.cached + output * price.output) / 1e6;
}
