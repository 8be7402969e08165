import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  describeUsage,
  dueWarnings,
  judgeLimits,
  LIMIT_NAMES,
  type LimitUsage,
  limitUsages,
  NOTHING_SPENT,
  settingOf,
  warningKey,
  withRaised,
  withSpent,
} from '../../../../../src/core/kernel/phases/limits.ts';
import { PHASE_NAMES } from '../../../../../src/core/kernel/phases/table.ts';

const usd = (spent: number, limit = 10): LimitUsage => ({ limitName: 'usd', scope: 'session', limit, spent });

test('a limit of zero is reached at once', () => {
  for (const limitName of LIMIT_NAMES) {
    const verdict = judgeLimits(
      limitUsages({ session: { [limitName]: 0 }, phases: {} }, nothing(), 'planning'),
    );
    expect(verdict).toMatchObject({ kind: 'reached', use: { limitName, limit: 0 } });
  }
});

test('the last tenth is reserved for the wrap-up agent', () => {
  expect(judgeLimits([usd(8.99)])).toEqual({ kind: 'fine' });
  expect(judgeLimits([usd(9)]).kind).toBe('wrap_up');
  expect(judgeLimits([usd(9.99)]).kind).toBe('wrap_up');
  expect(judgeLimits([usd(10)]).kind).toBe('reached');
  expect(judgeLimits([usd(97, 100)]).kind).toBe('fine');
});

test('of several iterations the last one wraps up', () => {
  const iterations = (spent: number, limit: number): LimitUsage => ({
    limitName: 'iterations',
    scope: 'session',
    limit,
    spent,
  });
  expect(judgeLimits([iterations(3, 5)]).kind).toBe('fine');
  expect(judgeLimits([iterations(4, 5)]).kind).toBe('wrap_up');
  expect(judgeLimits([iterations(5, 5)]).kind).toBe('reached');
  expect(judgeLimits([iterations(0, 1)]).kind).toBe('fine');
});

test('a phase has separate limits, which other phases do not use up', () => {
  const limits = { session: { usd: 100 }, phases: { quality: { usd: 3 } } };
  const spent = withSpent(nothing(), 'planning', { ...NOTHING_SPENT, usd: 50 });
  expect(judgeLimits(limitUsages(limits, spent, 'quality')).kind).toBe('fine');
  const more = withSpent(spent, 'quality', { ...NOTHING_SPENT, usd: 3 });
  expect(judgeLimits(limitUsages(limits, more, 'quality'))).toMatchObject({
    kind: 'reached',
    use: { scope: 'quality' },
  });
  expect(judgeLimits(limitUsages(limits, more, 'testing')).kind).toBe('fine');
});

test('people are warned at 50 and 80 percent, once each, and only of the higher', () => {
  expect(dueWarnings([usd(4.9)], [])).toEqual([]);
  expect(dueWarnings([usd(5)], [])).toMatchObject([{ percent: 50 }]);
  expect(dueWarnings([usd(6)], ['session:usd:50'])).toEqual([]);
  expect(dueWarnings([usd(8)], ['session:usd:50'])).toMatchObject([{ percent: 80 }]);
  expect(dueWarnings([usd(9)], [])).toMatchObject([{ percent: 80 }]);
  expect(dueWarnings([usd(9)], ['session:usd:80'])).toEqual([]);
  expect(dueWarnings([usd(0, 0)], [])).toEqual([]);
  expect(warningKey({ scope: 'quality', limitName: 'hours', percent: 50 })).toBe('quality:hours:50');
});

test('a raised limit replaces the old one, and the others are kept', () => {
  const limits = { session: { usd: 5, tokens: 10 }, phases: { testing: { hours: 1 } } };
  const raised = { session: { usd: 20 }, phases: { testing: { usd: 2 } } };
  expect(withRaised(limits, raised)).toMatchObject({
    session: { usd: 20, tokens: 10 },
    phases: { testing: { hours: 1, usd: 2 } },
  });
});

test('a limit is named by its setting and shown with its unit', () => {
  expect(settingOf({ limitName: 'usd', scope: 'session' })).toBe('MAX_COST_USD');
  expect(settingOf({ limitName: 'iterations', scope: 'planning' })).toBe('MAX_ITERATIONS_PLANNING');
  expect(describeUsage(usd(4.2, 5))).toBe('$4.20 of $5.00');
});

test('a limit that is reached is never judged fine or wrap_up, whatever is spent', () => {
  const amount = fc.double({ min: 0, max: 1e9, noNaN: true });
  const use = fc.record({
    limitName: fc.constantFrom(...LIMIT_NAMES),
    scope: fc.constantFrom('session' as const, ...PHASE_NAMES),
    limit: amount,
    spent: amount,
  });
  fc.assert(
    fc.property(fc.array(use), (uses) => {
      const isReached = uses.some(({ limit, spent }) => spent >= limit);
      expect(judgeLimits(uses).kind === 'reached').toBe(isReached);
    }),
  );
});

function nothing() {
  return { session: NOTHING_SPENT, phases: {} };
}
