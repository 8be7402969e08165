import type { TokenCounts } from '../contract/provider.ts';

export const NO_TOKENS: TokenCounts = { input: 0, output: 0, cached: 0 };

export function addTokens(a: TokenCounts, b: TokenCounts): TokenCounts {
  return { input: a.input + b.input, output: a.output + b.output, cached: a.cached + b.cached };
}

/** From counts in which those of the cache are among the input, as Codex and Gemini CLI give them. */
export function apartFromCache({ input, output, cached }: TokenCounts): TokenCounts {
  return { input: Math.max(0, input - cached), output, cached };
}
