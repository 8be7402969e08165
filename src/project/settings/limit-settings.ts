import { amount, wholeNumber } from './setting-kinds.ts';
import type { SettingSpec } from './setting-spec.ts';

/** How much a session, or one phase of it, may spend before it stops and asks. */
export const LIMIT_SETTINGS = {
  maxCostUsd: {
    ...amount('US dollars', 0, 1_000_000),
    key: 'MAX_COST_USD',
    perSession: true,
    example: 'MAX_COST_USD=20',
    doc: 'A session stops and asks once it cost this much. Checked after each iteration; during one, only for Claude Code.',
  },
  maxTokens: {
    ...wholeNumber('tokens', 0, 1_000_000_000_000),
    key: 'MAX_TOKENS',
    perSession: true,
    example: 'MAX_TOKENS=5000000',
    doc: 'A session stops and asks once it used this many tokens, cache reads aside. Checked like MAX_COST_USD.',
  },
  maxHours: {
    ...amount('hours', 0, 10_000),
    key: 'MAX_HOURS',
    perSession: true,
    example: 'MAX_HOURS=8',
    doc: 'A session stops and asks you once its agents have worked this long, not counting time when the machine sleeps.',
  },
  maxIterations: {
    ...wholeNumber('iterations', 0, 100_000),
    key: 'MAX_ITERATIONS',
    perSession: true,
    example: 'MAX_ITERATIONS=60',
    doc: 'A session stops and asks you once it has run this many iterations, not counting retries in an outage.',
  },
  maxCostUsdByPhase: {
    ...amount('US dollars', 0, 1_000_000),
    key: 'MAX_COST_USD_<PHASE>',
    family: 'phase',
    perSession: true,
    doc: 'The same for one phase: MAX_COST_USD_QUALITY=3.',
  },
  maxTokensByPhase: {
    ...wholeNumber('tokens', 0, 1_000_000_000_000),
    key: 'MAX_TOKENS_<PHASE>',
    family: 'phase',
    perSession: true,
    doc: 'The same for one phase: MAX_TOKENS_INVESTIGATION=1000000.',
  },
  maxHoursByPhase: {
    ...amount('hours', 0, 10_000),
    key: 'MAX_HOURS_<PHASE>',
    family: 'phase',
    perSession: true,
    doc: 'The same for one phase: MAX_HOURS_TESTING=1.',
  },
  maxIterationsByPhase: {
    ...wholeNumber('iterations', 0, 100_000),
    key: 'MAX_ITERATIONS_<PHASE>',
    family: 'phase',
    perSession: true,
    doc: 'The same for one phase: MAX_ITERATIONS_PLANNING=4.',
  },
} as const satisfies Record<string, Omit<SettingSpec, 'scope'>>;
