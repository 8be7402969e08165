import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JudgedSignal } from '../../../src/core/kernel/phases/decision.ts';
import { PHASE_NAMES, SIGNAL_STATUSES } from '../../../src/core/kernel/phases/table.ts';
import { parseSignal } from '../../../src/core/session/documents/signal.ts';
import { type Property, property } from './property.ts';
import { anyText } from './texts.ts';

const anyPhase = fc.constantFrom(...PHASE_NAMES);
const anyCase = (word: string) => fc.constantFrom(word, word.toUpperCase(), ` ${word}\t`);
const anyValue = fc.oneof(
  anyText,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(...PHASE_NAMES, 'qa_answers', 'Plan-Approval'),
);
const KEYS = [
  'status',
  'phase',
  'for',
  'reason',
  'needs',
  'note',
  'summary',
  'file',
  'acknowledged',
  '__proto__',
  'toString',
];
const anyFields = fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), anyText), anyValue, { maxKeys: 6 });

const anySignalText = fc.oneof(
  fc.tuple(fc.constantFrom(...SIGNAL_STATUSES).chain(anyCase), anyFields).map(([status, fields]) => {
    return JSON.stringify({ ...fields, status });
  }),
  fc.json(),
  anyText,
  fc.constantFrom(
    '{}',
    ' { }\n',
    '{"status":"done","status":"continue"}',
    '[',
    '{"status":',
    '"done"',
    'null',
    '1e999',
    '[[]]',
  ),
);

function checkReading(data: Uint8Array | string | undefined, phase: (typeof PHASE_NAMES)[number]): void {
  const reading = parseSignal(data, phase);
  assert(['signal', 'blank', 'missing', 'malformed'].includes(reading.kind));
  if (reading.kind === 'signal') {
    assert.deepEqual(JudgedSignal.parse(reading.signal), reading.signal);
    JSON.stringify(reading);
    if (reading.signal.status === 'waiting') assert(reading.signal.for);
    if (reading.signal.status === 'blocked') assert(reading.signal.reason && reading.signal.needs);
  }
}

export const signalProperties: Property[] = [
  property(
    'whatever an agent writes, its signal is read as one of four kinds',
    fc.tuple(anySignalText, anyPhase),
    ([text, phase]) => checkReading(text, phase),
  ),
  property(
    'any bytes are read as one of four kinds',
    fc.tuple(fc.uint8Array({ maxLength: 80 }), anyPhase),
    ([bytes, phase]) => checkReading(bytes, phase),
  ),
  property(
    'a signal with a flipped or missing byte does not throw',
    fc.tuple(anySignalText, fc.nat(), fc.nat(255), fc.boolean(), anyPhase),
    ([text, at, byte, isCut, phase]) => {
      const bytes = new TextEncoder().encode(`\uFEFF${text}`);
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      checkReading(isCut ? bytes.slice(0, at % (bytes.length + 1)) : bytes, phase);
    },
  ),
  property(
    'a signal that is written and read is unchanged',
    fc.tuple(anySignalText, anyPhase),
    ([text, phase]) => {
      const reading = parseSignal(text, phase);
      if (reading.kind !== 'signal') return;
      const { unknownPhase, ...signal } = reading.signal;
      const again = parseSignal(JSON.stringify({ ...signal, phase: signal.phase ?? unknownPhase }), phase);
      assert.deepEqual(again, { kind: 'signal', signal: reading.signal, notes: [] });
    },
  ),
];
