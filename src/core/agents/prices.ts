import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../kernel/errors.ts';
import { parseJson } from '../kernel/parse-json.ts';
import type { TokenCounts } from './contract/events.ts';
import type { Price } from './contract/provider.ts';
import { allProviders } from './registry.ts';

const OwnPrice = z.object({ input: z.number(), cached: z.number(), output: z.number() });
const OwnPrices = z.record(z.string(), OwnPrice.optional().catch(undefined));

/** These are ten times as expensive as the others, and only used when requested. */
const PRO = /^gpt-.*-pro\b/;

export const PRICES_FILE = 'prices.json';

/**
 * The user's prices, `{"model-prefix": {"input": …, "cached": …, "output": …}}` in US dollars per million tokens;
 * unreadable entries are skipped.
 */
export async function readPrices(configFolder: string): Promise<Record<string, Price>> {
  const text = await ifExists(readFile(join(configFolder, PRICES_FILE), 'utf8'));
  const prices = OwnPrices.safeParse(parseJson(text ?? '')).data ?? {};
  return Object.fromEntries(
    Object.entries(prices).flatMap(([model, price]) => (price ? [[model, price]] : [])),
  );
}

export interface Estimate {
  usd: number;
  /** The model whose price was used; absent if none has a price: the provider's highest price was used. */
  model?: string;
}

export interface Spending {
  provider: string;
  /** Possible names of the model in order of preference; `auto` and the like have no price. */
  models: ReadonlyArray<string | undefined>;
  tokens: TokenCounts;
  /** The user's prices. */
  own?: Readonly<Record<string, Price>>;
}

/**
 * The cost of tokens, overestimated rather than underestimated, so that a cost limit holds for future models.
 * Undefined only for a provider without any known price.
 */
export function estimateUsd({ provider, models, tokens, own = {} }: Spending): Estimate | undefined {
  const all: Readonly<Record<string, Price>> = Object.assign(
    {},
    ...allProviders().map(({ prices }) => prices),
  );
  const named = models.filter((model): model is string => Boolean(model));
  for (const model of named) {
    const price = priceOf(model, own) ?? priceOf(model, all, isSameVersion);
    if (price) return { usd: usdOf(tokens, price), model };
  }
  const price = mostExpensive(allProviders().find(({ name }) => name === provider)?.prices ?? {}, named);
  return price && { usd: usdOf(tokens, price) };
}

/** The price of the longest matching prefix. @param fits whether the rest of the name can follow it */
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

/** A version newer than our list (`.7` after `gpt-5`) is another, possibly more expensive model. */
function isSameVersion(rest: string): boolean {
  return !/^[.\d]/.test(rest);
}

function mostExpensive(
  listed: Readonly<Record<string, Price>>,
  models: readonly string[],
): Price | undefined {
  const isPro = models.some((model) => PRO.test(model));
  const like = Object.entries(listed).filter(([name]) => PRO.test(name) === isPro);
  const sum = ({ input, cached, output }: Price) => input + cached + output;
  return like.map(([, price]) => price).sort((a, b) => sum(b) - sum(a))[0];
}

function usdOf({ input, cached, output }: TokenCounts, price: Price): number {
  return (input * price.input + cached * price.cached + output * price.output) / 1e6;
}
