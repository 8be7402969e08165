import { expect, test } from 'vitest';
import { settingRows } from '../../../../src/core/project/settings/settings.ts';

const LIMITS = settingRows().filter(({ key }) =>
  /^MAX_(?:COST_USD|TOKENS|HOURS|ITERATIONS)(?:_<PHASE>)?$/.test(key),
);

test('every limit exists for the session and for each phase', () => {
  expect(LIMITS.map(({ key }) => key)).toEqual([
    'MAX_COST_USD',
    'MAX_TOKENS',
    'MAX_HOURS',
    'MAX_ITERATIONS',
    'MAX_COST_USD_<PHASE>',
    'MAX_TOKENS_<PHASE>',
    'MAX_HOURS_<PHASE>',
    'MAX_ITERATIONS_<PHASE>',
  ]);
});

test.each(['-1', 'abc', '1e3', '', 'NaN', 'Infinity', '1,5'])(
  '"%s" is refused as a limit, and the error names the range',
  (text) => {
    for (const { parse, form } of LIMITS) {
      expect(parse(text)).toBeUndefined();
      expect(form).toMatch(/from 0 to/);
    }
  },
);

test('zero is accepted as a limit', () => {
  for (const { parse } of LIMITS) expect(parse('0')).toBe(0);
});
