import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoUtc, systemClock } from '../../../../src/core/kernel/clock.ts';
import { stampsAt, threeDigits } from '../../../../src/core/kernel/files/stamps.ts';

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

test('one clock reading gives all stamps, in local time', () => {
  expect(stampsAt(new Date(2026, 0, 8, 4, 7, 9).getTime())).toEqual({
    folderDate: '26-01-08',
    file: '01-08-0407',
    log: '01-08 04:07',
    minute: '2026-01-08 04:07',
    second: '2026-01-08 04:07:09',
  });
});

test('iteration numbers have at least three digits', () => {
  expect([1, 42, 999, 1000].map(threeDigits)).toEqual(['001', '042', '999', '1000']);
});
