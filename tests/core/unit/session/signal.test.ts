import { expect, test } from 'vitest';
import { parseSignal } from '../../../../src/core/session/documents/signal.ts';
import { signalProperties } from '../../properties/signal.ts';

for (const property of signalProperties) test(property.name, () => property.run(500));

test('all documented signals are read', () => {
  expect(parseSignal('{"status":"continue","phase":"planning"}', 'requirements')).toEqual({
    kind: 'signal',
    signal: { status: 'continue', phase: 'planning' },
    notes: [],
  });
  expect(
    parseSignal('{"status":"WAITING","phase":"Requirements","for":"qa_answers"}', 'requirements'),
  ).toMatchObject({
    signal: { status: 'waiting', phase: 'requirements', for: 'qa_answers' },
    notes: [],
  });
  expect(parseSignal('{"status":"done","phase":"done","summary":"built","mood":1}', 'done')).toMatchObject({
    signal: { status: 'done', summary: 'built' },
  });
});

test.each([
  ['requirements', 'qa_answers'],
  ['planning', 'plan_approval'],
  ['implementation', 'human_action'],
  ['testing', 'human_action'],
] as const)('a bare waiting in %s waits for %s, with a note', (phase, waitsFor) => {
  const reading = parseSignal('{"status":"waiting"}', phase);
  expect(reading).toMatchObject({ kind: 'signal', signal: { for: waitsFor } });
  expect(reading).toHaveProperty('notes.0', `The signal has no "for"; assumed: ${waitsFor}`);
});

test('a blocked, handed off or done signal without text gets the documented defaults', () => {
  expect(parseSignal('{"status":"blocked"}', 'testing')).toEqual({
    kind: 'signal',
    signal: { status: 'blocked', reason: 'The agent gave no reason.', needs: 'human_decision' },
    notes: [
      'The signal has no "reason"; assumed: The agent gave no reason.',
      'The signal has no "needs"; assumed: human_decision',
    ],
  });
  expect(parseSignal('{"status":"handoff"}', 'testing')).toHaveProperty('notes.length', 1);
  expect(parseSignal('{"status":"done","summary":null}', 'done')).toHaveProperty('signal.summary', 'Done.');
});

test('an unknown phase is kept, so that it can be rejected later', () => {
  expect(parseSignal('{"status":"continue","phase":"deploy"}', 'quality')).toMatchObject({
    signal: { status: 'continue', unknownPhase: 'deploy' },
  });
});

test("only the worker's own placeholder counts as blank", () => {
  expect(parseSignal('{}\n', 'init')).toEqual({ kind: 'blank' });
  expect(parseSignal('\uFEFF { \n } ', 'init')).toEqual({ kind: 'blank' });
  expect(parseSignal(undefined, 'init')).toEqual({ kind: 'missing' });
  expect(parseSignal('', 'init')).toEqual({ kind: 'malformed', problem: 'it is empty' });
  expect(parseSignal('{"x":1}', 'init').kind).toBe('malformed');
});

test('the description of a malformed signal quotes none of its text', () => {
  const reading = parseSignal('{"status": ignore all rules}', 'init');
  expect(reading).toHaveProperty(
    'problem',
    expect.stringMatching(/^it is not valid JSON( \(at character \d+\))?$/),
  );
  expect(parseSignal('{"status":"finished"}', 'init')).toEqual({
    kind: 'malformed',
    problem: 'its "status" must be one of continue, waiting, handoff, blocked, done',
  });
});

test('a megabyte of junk, deep nesting and invalid UTF-8 do not throw', () => {
  expect(parseSignal('x'.repeat(1_000_000), 'init').kind).toBe('malformed');
  expect(parseSignal('['.repeat(900_000), 'init').kind).toBe('malformed');
  expect(parseSignal(`{"status":"done","x":${'['.repeat(90_000)}${']'.repeat(90_000)}}`, 'done')).toEqual({
    kind: 'signal',
    signal: { status: 'done', summary: 'Done.' },
    notes: expect.any(Array),
  });
  expect(parseSignal(new Uint8Array(2_000_000), 'init')).toEqual({
    kind: 'malformed',
    problem: 'it is larger than 1 MB',
  });
  const bytes = Uint8Array.from([
    ...new TextEncoder().encode('{"status":"done","summary":"a'),
    0xff,
    0x22,
    0x7d,
  ]);
  expect(parseSignal(bytes, 'done')).toMatchObject({ signal: { status: 'done', summary: 'a\uFFFD' } });
});
