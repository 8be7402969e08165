import { expect, test } from 'vitest';
import { measureDefinitions, measureSessions } from '../../../../scripts/tokens/measure.ts';
import { RECORDED_ITERATIONS } from '../../../../scripts/tokens/recorded-session.ts';
import { ci } from '../../../support/ci.ts';

const tooMuch = (measures: ReturnType<typeof measureDefinitions>) =>
  measures
    .filter(({ tokens, budget }) => tokens > budget)
    .map(({ what, tokens, budget }) => `${what}: ${tokens} of ${budget}`);

test('tools and instructions are within their budgets', ci, () => {
  expect(tooMuch(measureDefinitions())).toEqual([]);
});

test('every result, and a session of three hours in every client, is within its budget', async () => {
  const measures = await measureSessions();
  expect(tooMuch(measures)).toEqual([]);
  // Tasks sleep through what else is waited for in turns.
  const inTurns = measures.filter(({ what }) => !what.includes('followed by tasks'));
  const waits = inTurns.flatMap(({ details }) => details?.waits ?? []);
  expect(Math.min(...waits)).toBeGreaterThan(3);
});

test('the recorded session has forty agents', () => {
  expect(RECORDED_ITERATIONS).toHaveLength(40);
});
