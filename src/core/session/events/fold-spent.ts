import { outageOf } from '../../kernel/phases/ending.ts';
import {
  type SessionLimits,
  type Spent,
  warningKey,
  withRaised,
  withSpent,
} from '../../kernel/phases/limits.ts';
import { EMPTY_TRAIL, withPrint } from '../../kernel/phases/no-progress.ts';
import type { Cost } from './bodies/positions.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

type Counted = Pick<SessionState, 'spent' | 'trail' | 'wrappedUp' | 'wrapUpDue'>;

/** Adds what an iteration spent, and whether it made progress. */
export function countedIteration(state: SessionState, event: EventOf<'iteration_ended'>): Counted {
  const { phase, ending, print, decision } = event;
  return {
    spent: withSpent(state.spent, phase, spentBy(event)),
    trail: withPrint(state.trail, { print, ending, decision }),
    wrapUpDue: state.wrapUpDue || (ending === 'budget' && event.decision.kind === 'run'),
    wrappedUp: state.wrappedUp || state.openIteration?.wrapUp === true,
  };
}

/** What one iteration spent. Excludes tokens read from a cache: they cost a tenth and would dominate the count. */
export function spentBy({
  cost,
  durationMs,
  ending,
}: Pick<EventOf<'iteration_ended'>, 'cost' | 'durationMs' | 'ending'>): Spent {
  return {
    usd: cost.usd ?? 0,
    tokens: (cost.inputTokens ?? 0) + (cost.outputTokens ?? 0),
    hours: durationMs / 3_600_000,
    // The number of attempts during an outage depends only on its length.
    iterations: ending === 'not_started' || outageOf(ending) !== undefined ? 0 : 1,
  };
}

/** Applies a resume: the progress trail starts over and, with higher limits, warnings are repeated. */
export function refreshed(
  { raisedLimits: earlier = NO_LIMITS, budgetWarned }: SessionState,
  raised: SessionLimits | undefined,
): Partial<SessionState> {
  const fresh = { wrappedUp: false, wrapUpDue: false, trail: EMPTY_TRAIL };
  if (raised === undefined) return { ...fresh, budgetWarned };
  const aboutTools = budgetWarned.filter((code) => code.startsWith(ODD_TOOLS));
  return { ...fresh, budgetWarned: aboutTools, raisedLimits: withRaised(earlier, raised) };
}

const NO_LIMITS: SessionLimits = { session: {}, phases: {} };

export function warned(state: SessionState, event: EventOf<'budget_warned'>): SessionState {
  return { ...state, budgetWarned: [...state.budgetWarned, warningKey(event)] };
}

/** Prefix of the codes of notices that the cost of a CLI is a guess; the name of the CLI follows. */
export const UNPRICED = 'unpriced_';
/** The code of the notice that agents work at an extra charge, beyond their plan. */
export const OVERAGE = 'overage';

/** Prefix of the codes of notices that a CLI does not offer what it was asked to; the name of the CLI follows. */
export const ODD_TOOLS = 'tools_';

/** Remembers the notices that are given once. */
export function withNoticeOnce(state: SessionState, code: string): SessionState {
  return [OVERAGE, UNPRICED, ODD_TOOLS].some((once) => code.startsWith(once))
    ? { ...state, budgetWarned: [...state.budgetWarned, code] }
    : state;
}

const COST_KEYS = ['usd', 'inputTokens', 'outputTokens', 'cachedTokens', 'turns'] as const;
/** More than any session reaches; sums of such values remain finite, as JSON requires. */
const MAX_COST = 1e15;

/**
 * Bounds a cost reported by a CLI: a negative one must not reduce what was spent, and an infinite one cannot be written
 * to an event. NaN counts as the maximum, so that limits still apply.
 */
export function plausible(value: number): number {
  return Number.isNaN(value) ? MAX_COST : Math.min(Math.max(value, 0), MAX_COST);
}

export function plausibleCost(reported: Cost): Cost {
  const counted = COST_KEYS.filter((key) => reported[key] !== undefined);
  return { ...reported, ...Object.fromEntries(counted.map((key) => [key, plausible(reported[key] ?? 0)])) };
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
