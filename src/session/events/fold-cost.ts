import type { Cost } from './bodies/cost.ts';

const COST_KEYS = ['usd', 'inputTokens', 'outputTokens', 'cachedTokens', 'turns'] as const;
/** No session comes near it, and sums of any number of them stay numbers that JSON has. */
const MOST = 1e15;

/**
 * A CLI tells its own cost: nobody gets back what was spent before, and no sum grows into infinity, which no event
 * can hold. What became no number on the way counts as the most, so that limits hold.
 */
export function plausible(value: number): number {
  return Number.isNaN(value) ? MOST : Math.min(Math.max(value, 0), MOST);
}

export function plausibleCost(told: Cost): Cost {
  const cost: Cost = { ...told };
  for (const key of COST_KEYS) {
    const value = told[key];
    if (value !== undefined) cost[key] = plausible(value);
  }
  return cost;
}

export function addCosts(a: Cost, b: Cost): Cost {
  const sum: Cost = { ...a };
  for (const key of COST_KEYS) {
    const value = b[key];
    if (value !== undefined) sum[key] = (a[key] ?? 0) + value;
  }
  if (b.usdIsEstimate) sum.usdIsEstimate = true;
  return sum;
}
