import { expect, test } from 'vitest';
import { historyLine, readHistory } from '../../src/session/documents/history.ts';
import { historyProperties } from '../properties/history.ts';

const entry = {
  timestamp: '2026-01-08 14:37:00',
  iteration: 7,
  phase: 'planning',
  status: 'waiting',
  for: 'plan_approval',
  n: 41,
};

for (const property of historyProperties) test(property.name, () => property.run(300));

test('a line has all its keys in their order, empty ones null', () => {
  expect(historyLine(entry)).toBe(
    '{"timestamp":"2026-01-08 14:37:00","iteration":7,"phase":"planning","status":"waiting","ending":null,' +
      '"summary":null,"reason":null,"needs":null,"for":"plan_approval","n":41}\n',
  );
});

test('old lines are read with either set of keys, and broken ones are named', () => {
  const text =
    '\uFEFF{"timestamp":"2025-11-02 09:00:00","iteration":1,"phase":"init","status":"continue"}\r\n{"torn"\n' +
    '{"v":2,"iteration":2,"source_phase":"testing","target_phase":"quality","status":"Continue","accepted":true}';
  const { entries, problems } = readHistory(text);
  expect(entries.map(({ iteration, phase, status, n }) => [iteration, phase, status, n])).toEqual([
    [1, 'init', 'continue', undefined],
    [2, 'quality', 'continue', undefined],
  ]);
  expect(problems).toEqual([{ name: 'bad_line', text: 'Line 2 is not an entry and was skipped.' }]);
});
