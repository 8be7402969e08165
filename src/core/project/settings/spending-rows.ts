import { OVERAGES } from '../../kernel/phases/limits.ts';
import { amount, oneOf, percent, type SettingKind, wholeNumber } from './setting-kinds.ts';
import type { ProjectRow } from './setting-spec.ts';

const COST = { ...amount('US dollars', 0, 1_000_000), key: 'MAX_COST_USD' };
const TOKENS = { ...wholeNumber('tokens', 0, 1_000_000_000_000), key: 'MAX_TOKENS' };
const HOURS = { ...amount('hours', 0, 10_000), key: 'MAX_HOURS' };
const ITERATIONS = { ...wholeNumber('iterations', 0, 100_000), key: 'MAX_ITERATIONS' };

function ofPhase(limit: SettingKind<number> & { key: string }, example: string) {
  const doc = `The same for one phase: ${example}.`;
  return {
    ...limit,
    key: `${limit.key}_<PHASE>`,
    family: 'phase',
    perSession: true,
    reach: {},
    doc,
  } as const;
}

/** The amounts that a session, or one phase of it, may spend before it stops and asks. */
export const SPENDING_ROWS = {
  maxCostUsd: {
    ...COST,
    perSession: true,
    reach: {},
    example: 'MAX_COST_USD=20',
    doc: 'A session stops and asks at this cost. Checked after each iteration; during one, only for Claude Code and opencode.',
  },
  maxTokens: {
    ...TOKENS,
    perSession: true,
    reach: {},
    example: 'MAX_TOKENS=5000000',
    doc: 'A session stops and asks once it has used this many tokens, without cache reads. Checked like MAX_COST_USD.',
  },
  maxHours: {
    ...HOURS,
    perSession: true,
    reach: {},
    example: 'MAX_HOURS=8',
    doc: 'A session stops and asks you once its agents have worked this long, not counting time when the machine sleeps.',
  },
  maxIterations: {
    ...ITERATIONS,
    perSession: true,
    reach: {},
    example: 'MAX_ITERATIONS=60',
    doc: 'A session stops and asks you once it has run this many iterations, not counting retries in an outage.',
  },
  overage: {
    ...oneOf(OVERAGES),
    key: 'OVERAGE',
    default: 'allow',
    perSession: true,
    reach: {},
    doc: 'If usage beyond the plan costs extra (Claude Code): allow continues and tells you; wait waits until the limit ends.',
  },
  keep5h: {
    ...percent(0, 90),
    key: 'KEEP_5H',
    pairedWith: 'KEEP_5H',
    isRaisedOnly: true,
    reach: {},
    example: 'KEEP_5H=20%',
    doc: "How much of a plan's 5 hours stays for you: no agent begins once less is left. In `.samocode` only a larger one counts.",
  },
  keep7d: {
    ...percent(0, 90),
    key: 'KEEP_7D',
    pairedWith: 'KEEP_7D',
    isRaisedOnly: true,
    reach: {},
    example: 'KEEP_7D=30%',
    doc: "The same for a plan's 7 days.",
  },
  maxCostUsdByPhase: ofPhase(COST, 'MAX_COST_USD_QUALITY=3'),
  maxTokensByPhase: ofPhase(TOKENS, 'MAX_TOKENS_INVESTIGATION=1000000'),
  maxHoursByPhase: ofPhase(HOURS, 'MAX_HOURS_TESTING=1'),
  maxIterationsByPhase: ofPhase(ITERATIONS, 'MAX_ITERATIONS_PLANNING=4'),
} as const satisfies Record<string, ProjectRow>;
