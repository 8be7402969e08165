import { expect, test } from 'vitest';
import { historyLine } from '../../../../src/core/session/documents/history.ts';
import { historyProperties } from '../../properties/history.ts';

const entry = {
  timestamp: '2026-01-08 14:37:00',
  iteration: 7,
  phase: 'planning',
  status: 'waiting',
  for: 'plan_approval',
  n: 41,
};

for (const property of historyProperties) test(property.name, () => property.run(300));

test('a line has all its keys in order, with null for missing values', () => {
  expect(historyLine(entry)).toBe(
    '{"timestamp":"2026-01-08 14:37:00","iteration":7,"phase":"planning","status":"waiting","ending":null,' +
      '"summary":null,"reason":null,"needs":null,"for":"plan_approval","n":41}\n',
  );
});
