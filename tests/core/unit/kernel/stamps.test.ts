import { expect, test } from 'vitest';
import { stampsAt, threeDigits } from '../../../../src/core/kernel/files/stamps.ts';

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
