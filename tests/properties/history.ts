import assert from 'node:assert/strict';
import fc from 'fast-check';
import { historyLine, readHistory } from '../../src/session/documents/history.ts';
import { type Property, property } from './property.ts';
import { anyText, documentOf } from './texts.ts';

const anyHistory = documentOf([
  '{"timestamp":"2026-01-08 10:00:00","iteration":1,"phase":"init","status":"continue","summary":null}',
  '{"iteration":1,"phase":"planning","status":"WAITING","for":"plan_approval","n":12}',
  '{"v":2,"source_phase":"testing","target_phase":"quality","status":"continue","iteration":9}',
  '{"torn":',
  '[]',
  'null',
  '{"__proto__":1,"status":7}',
]); // prettier-ignore

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
  property('reading a history never throws', fc.oneof(anyHistory, anyText), (text) => {
    assert(Array.isArray(readHistory(text)));
  }),
  property('an entry is one line and reads as itself', anyEntry, (entry) => {
    const line = historyLine(entry);
    assert.equal(line.indexOf('\n'), line.length - 1);
    const texts = Object.entries(entry).map(([key, value]) => [key, value === '' ? null : value]);
    assert.deepEqual(JSON.parse(line), Object.fromEntries(texts));
    const { phase, status, for: waitsFor, reason, needs } = entry;
    const read = { phase: phase || undefined, status, for: waitsFor || undefined };
    assert.deepEqual(readHistory(line), [
      { ...read, reason: reason || undefined, needs: needs || undefined },
    ]);
  }),
];
