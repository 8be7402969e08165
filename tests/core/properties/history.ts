import assert from 'node:assert/strict';
import fc from 'fast-check';
import { historyLine } from '../../../src/core/session/documents/history.ts';
import { type Property, property } from './property.ts';
import { anyText } from './texts.ts';

const anyField = fc.option(anyText, { nil: null });
const anyEntry = fc.record({
  timestamp: fc.constant('2026-01-08 10:00:00'),
  iteration: fc.nat(999),
  phase: anyField,
  status: fc.constantFrom('continue', 'none', 'done'),
  ending: anyField,
  summary: anyField,
  reason: anyField,
  needs: anyField,
  for: anyField,
  n: fc.nat(99),
});

export const historyProperties: Property[] = [
  property('an entry is one line with its texts', anyEntry, (entry) => {
    const line = historyLine(entry);
    assert.equal(line.indexOf('\n'), line.length - 1);
    const texts = Object.entries(entry).map(([key, value]) => [key, value === '' ? null : value]);
    assert.deepEqual(JSON.parse(line), Object.fromEntries(texts));
  }),
];
