import { type SessionCaps, type Spent, warningKey, withRaised, withSpent } from '../../phases/caps.ts';
import { outageOf } from '../../phases/ending.ts';
import { EMPTY_TRAIL, withPrint } from '../../phases/no-progress.ts';
import type { Cost } from './bodies/positions.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

type Counted = Pick<SessionState, 'spent' | 'trail' | 'wrappedUp' | 'wrapUpDue'>;

/** What an iteration used up, and whether it brought anything. */
export function countedIteration(state: SessionState, event: EventOf<'iteration_ended'>): Counted {
  const { phase, ending, print } = event;
  return {
    spent: withSpent(state.spent, phase, spentBy(event)),
    trail: withPrint(state.trail, { print, ending }),
    wrapUpDue: state.wrapUpDue || (ending === 'budget' && event.decision.kind === 'run'),
    wrappedUp: state.wrappedUp || state.openIteration?.wrapUp === true,
  };
}

/** Of one iteration. Reading from a cache is left out of its tokens: it costs a tenth and would be most of them. */
export function spentBy({
  cost,
  durationMs,
  ending,
}: Pick<EventOf<'iteration_ended'>, 'cost' | 'durationMs' | 'ending'>): Spent {
  return {
    usd: cost.usd ?? 0,
    tokens: (cost.inputTokens ?? 0) + (cost.outputTokens ?? 0),
    hours: durationMs / 3_600_000,
    // Of an outage the tries are as many as its length makes them.
    iterations: ending === 'not_started' || outageOf(ending) !== undefined ? 0 : 1,
  };
}

/** A person lets it go on: with higher limits all is told again, and a circle begins anew. */
export function refreshed(
  { raisedCaps: earlier = NO_CAPS, budgetTold }: SessionState,
  raised: SessionCaps | undefined,
): Partial<SessionState> {
  const begun = { wrappedUp: false, wrapUpDue: false, trail: EMPTY_TRAIL };
  if (raised === undefined) return { ...begun, budgetTold };
  return { ...begun, budgetTold: [], raisedCaps: withRaised(earlier, raised) };
}

const NO_CAPS: SessionCaps = { session: {}, phases: {} };

export function warned(state: SessionState, event: EventOf<'budget_warned'>): SessionState {
  return { ...state, budgetTold: [...state.budgetTold, warningKey(event)] };
}

/** How the code of a notice begins that a CLI's cost is a guess; its name follows. */
export const UNPRICED = 'unpriced_';

export function toldUnpriced(state: SessionState, code: string): SessionState {
  return code.startsWith(UNPRICED) ? { ...state, budgetTold: [...state.budgetTold, code] } : state;
}

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
  const counted = COST_KEYS.filter((key) => told[key] !== undefined);
  return { ...told, ...Object.fromEntries(counted.map((key) => [key, plausible(told[key] ?? 0)])) };
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
