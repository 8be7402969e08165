import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../../../../src/core/kernel/phases/decide.ts';
import { ENDING_KINDS, OUTAGES } from '../../../../../src/core/kernel/phases/ending.ts';
import {
  isQuick,
  type Outage,
  outageDurationMs,
  roughDuration,
  waitAfter,
  withEnding,
} from '../../../../../src/core/kernel/phases/outage.ts';
import { failureCounts, outcomeOf, PATIENCE, progressIn, RULES } from '../../../../support/phase-facts.ts';
import { anyPatience } from '../../../properties/phase-worlds.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const anyTries = fc.integer({ min: 1, max: 1200 });

test.each([
  [1, 5 * SECOND_MS],
  [2, 10 * SECOND_MS],
  [3, 20 * SECOND_MS],
  [4, MINUTE_MS],
  [5, 2 * MINUTE_MS],
  [6, 5 * MINUTE_MS],
  [7, 10 * MINUTE_MS],
  [8, 10 * MINUTE_MS],
  [500, 10 * MINUTE_MS],
])('after attempt %i of an outage the next one starts in %i ms', (tries, ms) => {
  expect(waitAfter(tries, PATIENCE)).toBe(ms);
});

test('a wait is never shorter than the previous one of its outage, whatever the settings', () => {
  fc.assert(
    fc.property(anyPatience, anyTries, (patience, tries) => {
      expect(waitAfter(tries + 1, patience)).toBeGreaterThanOrEqual(waitAfter(tries, patience));
    }),
  );
});

test('the person is asked after the configured hours, at most one wait and one attempt later', () => {
  fc.assert(
    fc.property(anyPatience, fc.nat(HOUR_MS), (patience, childMs) => {
      const blockedAt = outageUntilBlocked(patience, childMs);
      const lasted = outageDurationMs(blockedAt, patience);
      expect(lasted).toBeGreaterThanOrEqual(patience.maxMs);
      expect(lasted).toBeLessThan(patience.maxMs + waitAfter(blockedAt.tries - 1, patience) + childMs + 1);
    }),
    { numRuns: 20 },
  );
});

function outageUntilBlocked(patience: typeof PATIENCE, durationMs: number): Outage {
  for (let row: Outage | undefined; ; ) {
    row = withEnding(row, { ending: 'network', durationMs });
    if (row === undefined) throw new Error('There is no row.');
    const outcome = outcomeOf({ end: 'network', outage: row });
    if (decide(progressIn('testing'), outcome, { ...RULES, patience }).kind === 'block') return row;
  }
}

test.each(OUTAGES)(
  'for %s the first three attempts follow quickly, and from the fourth on it is shown as a wait',
  (end) => {
    const decided = [1, 2, 3, 4, 60].map((tries) =>
      decide(progressIn('testing'), outcomeOf({ end, outage: { tries, workedMs: 0 } }), RULES),
    );
    expect(decided.map(({ kind }) => kind)).toEqual(['run', 'run', 'run', 'limited', 'limited']);
    for (const decision of decided)
      expect(decision).toMatchObject({
        phase: 'testing',
        retry: 'excused',
        notes: [expect.stringContaining(end)],
      });
    expect(decided[3]).toMatchObject({ until: null });
  },
);

test('no number of failures in an outage blocks the session or uses up its retries', () => {
  const at = progressIn('testing', failureCounts({ failures: 3 }));
  expect(decide(at, outcomeOf({ end: 'overloaded' }), { ...RULES, maxRetries: 0 }).kind).toBe('run');
});

test.each([
  ['overloaded', 'The provider is overloaded: 80 tries in 12 hours.'],
  ['network', 'The provider cannot be reached: 80 tries in 12 hours.'],
] as const)(
  'the question about %s says how often and how long it was tried, and what a resume does',
  (end, said) => {
    const outcome = outcomeOf({ end, problem: 'busy', outage: { tries: 80, workedMs: 0 } });
    expect(decide(progressIn('testing'), outcome, RULES)).toEqual({
      kind: 'block',
      phase: 'testing',
      rule: end,
      needs: 'human_decision',
      reason: `${said} A resume tries again at once, and then for as long again. busy`,
    });
  },
);

test('a patience of NaN asks at once', () => {
  const rules = { ...RULES, patience: { ...PATIENCE, maxMs: Number.NaN } };
  expect(decide(progressIn('testing'), outcomeOf({ end: 'network' }), rules).kind).toBe('block');
});

test('an outage includes endings of either kind, survives inconclusive ones, and ends with an answer', () => {
  const row = { tries: 4, workedMs: 10 };
  const after = Object.fromEntries(
    ENDING_KINDS.map((ending) => [ending, withEnding(row, { ending, durationMs: 5 })?.tries ?? 0]),
  );
  expect(after).toEqual({
    ...Object.fromEntries(ENDING_KINDS.map((ending) => [ending, 0])),
    ...{ overloaded: 5, network: 5, crashed: 4, killed: 4, not_started: 4 },
  });
});

test("the first agent's duration is not part of the outage, while the durations of the others are", () => {
  const ends = { ending: 'overloaded', durationMs: HOUR_MS } as const;
  const first = withEnding(undefined, ends);
  expect(first && outageDurationMs(first, PATIENCE)).toBe(0);
  const second = withEnding(first, ends);
  expect(second && outageDurationMs(second, PATIENCE)).toBe(HOUR_MS + 5 * SECOND_MS);
});

test.each([
  [40_000, '1 minute'],
  [HOUR_MS, '60 minutes'],
  [12.2 * HOUR_MS, '12 hours'],
])('%i ms are formatted as %s', (ms, words) => {
  expect(roughDuration(ms)).toBe(words);
});

test('only the first three attempts are quick', () => {
  expect([1, 2, 3, 4].map((tries) => isQuick({ tries }))).toEqual([true, true, true, false]);
});
