import { expect, test } from 'vitest';
import { coerceArguments } from '../../../../../src/core/faces/mcp/define-tool.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    count: { type: 'integer' },
    flag: { type: 'boolean' },
    answers: { type: 'object' },
    name: { type: 'string' },
  },
} as const;

test('harmless slips are corrected, and everything else is left for validation', () => {
  const given = { count: ' 5 ', flag: 'True', answers: '{"Q1":"B"}', name: '5', other: 'x', session: null };
  expect(coerceArguments(SCHEMA, given)).toEqual({
    count: 5,
    flag: true,
    answers: { Q1: 'B' },
    name: '5',
    other: 'x',
  });
  expect(coerceArguments(SCHEMA, { count: 'five', flag: 'yes', answers: '{' })).toEqual({
    count: 'five',
    flag: 'yes',
    answers: '{',
  });
});
