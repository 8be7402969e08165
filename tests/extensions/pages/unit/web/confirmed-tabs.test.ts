import { expect, test } from 'vitest';
import { ConfirmedTabs } from '../../../../../src/extensions/pages/web/server/confirmed-tabs.ts';
import { OneTimeCodes } from '../../../../../src/extensions/pages/web/server/tab-key.ts';

function terminal(isThere = true) {
  const shown: (string | undefined)[] = [];
  let passed = 0;
  const show = async (digits: string | undefined) => {
    if (isThere) shown.push(digits);
    return isThere;
  };
  const tabs = new ConfirmedTabs(show, { monotonic: () => passed });
  const wrong = async (times: number) => {
    const codes: string[] = [];
    for (let at = 0; at < times; at += 1) {
      const other = String((Number(shown.at(-1)) + 1) % 1_000_000).padStart(6, '0');
      codes.push(await codeOf(tabs.confirm(other)));
    }
    return codes;
  };
  return { tabs, shown, wrong, pass: (minutes: number) => (passed += minutes * 60_000) };
}

async function codeOf(confirmed: Promise<string>): Promise<string> {
  return await confirmed.then(
    () => 'confirmed',
    ({ code, why }) => `${code}: ${why}`,
  );
}

const WRONG = 'wrong_digits: These digits are wrong.';
const RENEWED = 'wrong_digits: These digits are not valid any more.';
const CLOSED = 'too_many_digits: Too many wrong digits were typed.';

test('the digits confirm one tab, whenever they are typed, and then nothing', async () => {
  const { tabs, shown, pass } = terminal();
  await tabs.ask();
  await tabs.ask();
  const [digits = '', again] = shown;
  expect([digits, again]).toEqual([expect.stringMatching(/^\d{6}$/), digits]);
  pass(12 * 60);
  const tab = await tabs.confirm(digits);
  expect(tab).toMatch(/^[\w-]{32}$/);
  expect([tab, digits, '', undefined].map((each) => tabs.has(each))).toEqual([true, false, false, false]);
  expect(shown.at(-1)).toBeUndefined();
  expect(await codeOf(tabs.confirm(digits))).toBe(RENEWED);
  const next = shown.at(-1) ?? '';
  expect(next).not.toBe(digits);
  const other = await tabs.confirm(next);
  expect([other === tab, tabs.has(tab), tabs.has(other)]).toEqual([false, true, true]);
});

test('after five wrong tries the terminal shows new digits, which count at once', async () => {
  const { tabs, shown, wrong } = terminal();
  await tabs.ask();
  const [digits = ''] = shown;
  expect(await wrong(5)).toEqual([WRONG, WRONG, WRONG, WRONG, RENEWED]);
  expect(shown).toHaveLength(2);
  expect(await codeOf(tabs.confirm(digits))).toBe(WRONG);
  expect(await codeOf(tabs.confirm(shown[1] ?? ''))).toBe('confirmed');
});

test('whoever types more wrong digits waits twice as long each time, up to an hour, until a tab is confirmed', async () => {
  const { tabs, shown, wrong, pass } = terminal();
  await tabs.ask();
  await wrong(5);
  for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
    expect((await wrong(5)).at(-1)).toBe(CLOSED);
    pass(minutes - 0.1);
    // The right ones do not count either.
    expect(await codeOf(tabs.confirm(shown.at(-1) ?? ''))).toBe(CLOSED);
    pass(0.1);
  }
  expect(await codeOf(tabs.confirm(shown.at(-1) ?? ''))).toBe('confirmed');
  await tabs.ask();
  expect((await wrong(5)).at(-1)).toBe(RENEWED);
});

test('without a terminal there are no digits, and the reason names the command', async () => {
  const { tabs } = terminal(false);
  await expect(tabs.ask()).rejects.toMatchObject({
    code: 'no_digits',
    hint: expect.stringContaining('samocode web'),
  });
  expect(await codeOf(tabs.confirm('000000'))).toContain('no_digits');
});

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

test('each code allows five attempts, and a text that is not six digits does not count as one', () => {
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
