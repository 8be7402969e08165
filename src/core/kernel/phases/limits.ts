import * as z from 'zod';
import { PHASE_NAMES, type Phase } from './table.ts';

/** The choices for a session whose account pays for more than its plan. */
export const OVERAGES = ['allow', 'wait'] as const;

/** The kinds of spending limits: US dollars, tokens (without cache reads), agent hours, iterations. */
export const LIMIT_NAMES = ['usd', 'tokens', 'hours', 'iterations'] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

const limit = z.number().nonnegative();
export const SpendingLimits = z
  .object({ usd: limit, tokens: limit, hours: limit, iterations: limit })
  .partial();
export type SpendingLimits = z.infer<typeof SpendingLimits>;

export const SessionLimits = z.object({
  session: SpendingLimits,
  phases: z.partialRecord(z.enum(PHASE_NAMES), SpendingLimits),
});
export type SessionLimits = z.infer<typeof SessionLimits>;

export const Spent = z.object({
  usd: z.number(),
  tokens: z.number(),
  hours: z.number(),
  iterations: z.number(),
});
export type Spent = z.infer<typeof Spent>;

export const SessionSpent = z.object({ session: Spent, phases: z.partialRecord(z.enum(PHASE_NAMES), Spent) });
export type SessionSpent = z.infer<typeof SessionSpent>;

export const NOTHING_SPENT: Spent = { usd: 0, tokens: 0, hours: 0, iterations: 0 };

export interface LimitUsage {
  limitName: LimitName;
  scope: 'session' | Phase;
  limit: number;
  spent: number;
}

/** `wrap_up`: only the reserve for the last agent is left. */
export type LimitVerdict = { kind: 'fine' } | { kind: 'wrap_up' | 'reached'; use: LimitUsage };

export function limitUsages(limits: SessionLimits, spent: SessionSpent, phase: Phase): LimitUsage[] {
  return LIMIT_NAMES.flatMap((limitName) => [
    ...usageOf({ limitName, scope: 'session' }, limits.session, spent.session),
    ...usageOf({ limitName, scope: phase }, limits.phases[phase], spent.phases[phase]),
  ]);
}

/** Judged before an agent is started and while one runs. Pure. */
export function judgeLimits(uses: readonly LimitUsage[]): LimitVerdict {
  const reached = uses.find(({ spent, limit: max }) => !(spent < max));
  if (reached) return { kind: 'reached', use: reached };
  const near = uses.find((each) => !(each.spent < each.limit - reserveOf(each)));
  return near ? { kind: 'wrap_up', use: near } : { kind: 'fine' };
}

/** The money an agent may spend before it must end; undefined without a limit. */
export function usdLeft(uses: readonly LimitUsage[], { wrapUp }: { wrapUp: boolean }): number | undefined {
  const left = uses
    .filter(({ limitName }) => limitName === 'usd')
    .map((each) => each.limit - each.spent - (wrapUp ? 0 : reserveOf(each)));
  return left.length === 0 ? undefined : Math.max(0.01, Math.min(...left));
}

const WARN_AT = [50, 80] as const;

type LimitWarning = LimitUsage & { percent: number };

/** The due warnings: the highest percentage reached of each limit, unless it or a higher one was reported. */
export function dueWarnings(uses: readonly LimitUsage[], reported: readonly string[]): LimitWarning[] {
  return uses.flatMap((each) => {
    const percent = WARN_AT.findLast((mark) => each.limit > 0 && each.spent * 100 >= each.limit * mark);
    if (percent === undefined) return [];
    const known = WARN_AT.some(
      (mark) => mark >= percent && reported.includes(warningKey({ ...each, percent: mark })),
    );
    return known ? [] : [{ ...each, percent }];
  });
}

export function warningKey(warning: Pick<LimitWarning, 'scope' | 'limitName' | 'percent'>): string {
  return `${warning.scope}:${warning.limitName}:${warning.percent}`;
}

/** `$4.20 of $5.00`, for people. */
export function describeUsage({ limitName, scope, spent, limit: max }: LimitUsage): string {
  const where = scope === 'session' ? '' : ` in ${scope}`;
  switch (limitName) {
    case 'usd':
      return `$${spent.toFixed(2)} of $${max.toFixed(2)}${where}`;
    case 'tokens':
      return `${Math.round(spent)} of ${max} tokens${where}`;
    case 'hours':
      return `${spent.toFixed(2)} of ${max} hours${where}`;
    case 'iterations':
      return `${spent} of ${max} iterations${where}`;
    default:
      return limitName satisfies never;
  }
}

/** `MAX_COST_USD=10, MAX_HOURS_TESTING=1`, for people. */
export function describeLimits({ session, phases }: SessionLimits): string {
  const scopes = ['session', ...PHASE_NAMES] as const;
  return scopes
    .flatMap((scope) => {
      const limits = scope === 'session' ? session : (phases[scope] ?? {});
      const set = LIMIT_NAMES.filter((limitName) => limits[limitName] !== undefined);
      return set.map((limitName) => `${settingOf({ limitName, scope })}=${limits[limitName]}`);
    })
    .join(', ');
}

export function settingOf({ limitName, scope }: Pick<LimitUsage, 'limitName' | 'scope'>): string {
  const names = {
    usd: 'MAX_COST_USD',
    tokens: 'MAX_TOKENS',
    hours: 'MAX_HOURS',
    iterations: 'MAX_ITERATIONS',
  } as const;
  return scope === 'session' ? names[limitName] : `${names[limitName]}_${scope.toUpperCase()}`;
}

function addSpent(a: Spent, b: Spent): Spent {
  return {
    usd: a.usd + b.usd,
    tokens: a.tokens + b.tokens,
    hours: a.hours + b.hours,
    iterations: a.iterations + b.iterations,
  };
}

export function withSpent(spent: SessionSpent, phase: Phase, more: Spent): SessionSpent {
  return {
    session: addSpent(spent.session, more),
    phases: { ...spent.phases, [phase]: addSpent(spent.phases[phase] ?? NOTHING_SPENT, more) },
  };
}

export function withRaised(limits: SessionLimits, raised: SessionLimits | undefined): SessionLimits {
  if (raised === undefined) return limits;
  const phases = Object.fromEntries(
    PHASE_NAMES.map((phase) => [phase, { ...limits.phases[phase], ...raised.phases[phase] }]),
  );
  return { session: { ...limits.session, ...raised.session }, phases };
}

/** A limit that was asked for above the one that holds. */
export interface ExcessLimit {
  limitName: LimitName;
  asked: number;
  highest: number;
}

/** What is above its ceiling; a limit without one may be anything. Pure. */
export function limitsAbove(asked: SpendingLimits, ceiling: SpendingLimits): ExcessLimit[] {
  return LIMIT_NAMES.flatMap((limitName) => {
    const [wanted, highest] = [asked[limitName], ceiling[limitName]];
    return wanted !== undefined && highest !== undefined && wanted > highest
      ? [{ limitName, asked: wanted, highest }]
      : [];
  });
}

const MAX_RESERVED: Readonly<Record<Exclude<LimitName, 'iterations'>, number>> = {
  usd: 2,
  tokens: 300_000,
  hours: 1 / 6,
};

/** The reserve for the last agent, which only wraps up. */
function reserveOf({ limitName, limit: max }: LimitUsage): number {
  if (limitName === 'iterations') return max > 1 ? 1 : 0;
  return Math.min(max / 10, MAX_RESERVED[limitName]);
}

function usageOf(
  use: Pick<LimitUsage, 'limitName' | 'scope'>,
  limits: SpendingLimits = {},
  spent: Spent = NOTHING_SPENT,
): LimitUsage[] {
  const limit = limits[use.limitName];
  return limit === undefined ? [] : [{ ...use, limit, spent: spent[use.limitName] }];
}
