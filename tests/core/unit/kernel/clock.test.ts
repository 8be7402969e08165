import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoUtc, systemClock } from '../../../../src/core/kernel/clock.ts';

test('a sleep ends with the reason of its abort', async () => {
  const stop = new AbortController();
  const slept = systemClock.sleep(60_000, stop.signal);
  stop.abort(new Error('enough'));
  await expect(slept).rejects.toThrow('enough');
  await expect(systemClock.sleep(1, stop.signal)).rejects.toThrow('enough');
});

test('a sleep lasts as long as requested', async () => {
  const begun = systemClock.monotonic();
  await systemClock.sleep(30);
  expect(systemClock.monotonic() - begun).toBeGreaterThan(25);
});

test('a time is formatted in UTC with milliseconds', () => {
  expect(isoUtc(Date.UTC(2026, 0, 8, 14, 37, 5, 6))).toBe('2026-01-08T14:37:05.006Z');
});

test('every number is formatted in the usual form', () => {
  fc.assert(
    fc.property(fc.double(), (ms) => {
      expect(isoUtc(ms)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }),
  );
});
