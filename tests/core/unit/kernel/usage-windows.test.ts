import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isOfNow,
  isSameWindow,
  keptWindows,
  type UsageWindow,
} from '../../../../src/core/kernel/phases/usage-windows.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = 1_800_000_000_000;
const KEEP = { '5h': 20, '7d': 30 };

function figure(change: Partial<UsageWindow> = {}): UsageWindow {
  return { window: '5h', used: 0.85, endsAt: NOW + HOUR, seenAt: NOW - MINUTE, from: 'agent', ...change };
}
const stops = (change: Partial<UsageWindow>, keep = KEEP) =>
  keptWindows([figure(change)], keep, NOW).length > 0;

test.each([
  ['just below the line', { used: 0.799 }, false],
  ['on the line', { used: 0.8 }, true],
  ['above it', { used: 1 }, true],
  ['a week above its line', { window: '7d', used: 0.7, endsAt: NOW + 100 * HOUR }, true],
  ['a week below its line', { window: '7d', used: 0.69, endsAt: NOW + 100 * HOUR }, false],
  ['an hour old, of this window', { seenAt: NOW - HOUR }, true],
  ['of the window before', { seenAt: NOW - 4.5 * HOUR }, false],
  ['a window that is over', { endsAt: NOW }, false],
  ['an end in years', { endsAt: NOW * 2 }, false],
  ['an end a little later than the window is long', { endsAt: NOW + 5 * HOUR + 4 * MINUTE }, true],
  ['an end later than that', { endsAt: NOW + 5 * HOUR + 6 * MINUTE }, false],
  ['a percentage instead of a share', { used: 85 }, false],
  ['less than nothing', { used: -1 }, false],
  ['no number', { used: Number.NaN }, false],
  ['no number as the end', { endsAt: Number.NaN }, false],
  ['seen tomorrow', { seenAt: NOW + 24 * HOUR }, false],
  ['the week under the name of 5 hours', { endsAt: NOW + 100 * HOUR }, false],
] as [string, Partial<UsageWindow>, boolean][])('a figure: %s', (_what, change, expected) => {
  expect(stops(change)).toBe(expected);
});

test('without a share to keep, no figure stops anything', () => {
  expect(keptWindows([figure({ used: 1 })], {}, NOW)).toEqual([]);
  expect(stops({ used: 1 }, { '5h': 0, '7d': 0 })).toBe(false);
});

test('whatever the figures are, only possible ones of a window that runs now stop an agent', () => {
  const any = fc.oneof(fc.double(), fc.integer({ min: NOW - 400 * HOUR, max: NOW + 400 * HOUR }));
  const windows = fc.record({
    window: fc.constantFrom('5h' as const, '7d' as const),
    used: fc.oneof(fc.double(), fc.double({ min: 0, max: 1.1, noNaN: true })),
    endsAt: any,
    seenAt: any,
    from: fc.constantFrom('agent' as const, 'asked' as const),
  });
  fc.assert(
    fc.property(windows, fc.integer({ min: 1, max: 90 }), (each, keep) => {
      for (const kept of keptWindows([each], { '5h': keep, '7d': keep }, NOW)) {
        const longest = kept.window === '5h' ? 5 * HOUR : 168 * HOUR;
        expect(kept.used).toBeGreaterThanOrEqual(1 - keep / 100 - 1e-6);
        expect(kept.endsAt).toBeGreaterThan(NOW);
        expect(kept.endsAt - NOW).toBeLessThanOrEqual(longest + 5 * MINUTE);
      }
    }),
  );
});

/** Each hour of a week in which 4 % of 5 hours and 1 % of 7 days are used an hour, as long as agents begin. */
function week(keep: typeof KEEP) {
  const used = { '5h': 0, '7d': 0 };
  const begun: number[] = [];
  for (let hour = 0; hour < 168; hour++) {
    if (hour % 5 === 0) used['5h'] = 0;
    const now = NOW + hour * HOUR;
    const ends = { '5h': NOW + (Math.floor(hour / 5) + 1) * 5 * HOUR, '7d': NOW + 168 * HOUR };
    const windows = (['5h', '7d'] as const).map((window) =>
      figure({ window, used: used[window], endsAt: ends[window], seenAt: now }),
    );
    if (keptWindows(windows, keep, now).length > 0) continue;
    begun.push(hour);
    used['5h'] += 0.3;
    used['7d'] += 0.01;
  }
  return begun;
}

test('over a week, each window of 5 hours has agents again, until the week has no more than what is kept', () => {
  const begun = week(KEEP);
  // Three agents of 30 % in each 5 hours: the fourth would begin at 90 %.
  expect(begun.slice(0, 6)).toEqual([0, 1, 2, 5, 6, 7]);
  expect(begun).toHaveLength(70);
  expect(week({ '5h': 0, '7d': 0 })).toHaveLength(168);
});

test('a window that was opened is the same a few seconds later, and not the next one', () => {
  const opened = { provider: 'claude', window: '5h' as const, endsAt: NOW };
  expect(isSameWindow(opened, { ...opened, endsAt: NOW + 2000 })).toBe(true);
  expect(isSameWindow(opened, { ...opened, endsAt: NOW + 5 * HOUR })).toBe(false);
  expect(isSameWindow(opened, { ...opened, provider: 'codex' })).toBe(false);
  expect(isOfNow(figure(), NOW)).toBe(true);
});
