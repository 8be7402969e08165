import { expect, test } from 'vitest';
import { OneTimeCodes } from '../../../../../src/extensions/pages/web/server/tab-key.ts';

function codesAt() {
  const clock = { nowMs: 0, monotonic: () => clock.nowMs };
  return { clock, codes: new OneTimeCodes(clock) };
}

/** Six digits that differ from the given ones. */
const other = (digits: string, by = 1) => String((Number(digits) + by) % 1_000_000).padStart(6, '0');

test.each(['address', 'digits'] as const)('a code of the kind %s works once', (kind) => {
  const { codes } = codesAt();
  const code = codes.issue(kind);
  expect([codes.redeem(code), codes.redeem(code)]).toEqual([true, false]);
});

test.each(['address', 'digits'] as const)('a code of the kind %s works for 30 seconds', (kind) => {
  const { clock, codes } = codesAt();
  const [first, second] = [codes.issue(kind === 'digits' ? 'address' : kind), codes.issue(kind)];
  clock.nowMs = 29_999;
  expect(codes.redeem(second)).toBe(true);
  clock.nowMs = 30_000;
  expect(codes.redeem(first)).toBe(false);
});

test('digits are void after five wrong tries, whoever sends them, and not before', () => {
  const { codes } = codesAt();
  const digits = codes.issue('digits');
  for (let by = 1; by < 5; by += 1) expect(codes.redeem(other(digits, by))).toBe(false);
  expect(codes.redeem(digits)).toBe(true);
  const again = codes.issue('digits');
  for (let by = 1; by < 6; by += 1) expect(codes.redeem(other(again, by))).toBe(false);
  expect(codes.redeem(again)).toBe(false);
});

test('each code has five tries of its own, and what is not six digits is none', () => {
  const { codes } = codesAt();
  const first = codes.issue('digits');
  for (let by = 1; by < 5; by += 1) codes.redeem(other(first, by));
  const second = codes.issue('digits');
  for (const guess of ['', '12345', '1234567', 'abcdef', 'x'.repeat(100)]) codes.redeem(guess);
  for (let by = 1; by < 5; by += 1) codes.redeem(other(second, by));
  expect(codes.redeem(second)).toBe(true);
});

test('only the newest digits work', () => {
  const { codes } = codesAt();
  const first = codes.issue('digits');
  // A draw of the same digits twice proves nothing.
  let second = codes.issue('digits');
  while (second === first) second = codes.issue('digits');
  expect([codes.redeem(first), codes.redeem(second)]).toEqual([false, true]);
});

test('guesses never keep out the person who opens an address', () => {
  const { codes } = codesAt();
  const code = codes.issue('address');
  for (let guess = 0; guess < 1000; guess += 1) codes.redeem(String(guess).padStart(6, '0'));
  expect(codes.redeem(code)).toBe(true);
});
