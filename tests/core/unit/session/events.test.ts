import { expect, test } from 'vitest';
import { parseEvent } from '../../../../src/core/session/events/events.ts';
import { eventsProperties } from '../../properties/events.ts';

for (const property of eventsProperties) test(property.name, async () => await property.run(300));

const HEAD = { v: 2, n: 1, at: '2026-01-08T10:00:00.000Z', lease: 1 };

test('a line of a newer version is distinguished from a broken one', () => {
  expect(parseEvent('{"v":9,"type":"of the future"}')).toEqual({ kind: 'newer', version: 9 });
  expect(parseEvent('{"v":0,"type":"done","summary":""}').kind).toBe('malformed');
});

test.each([
  ['an unknown type', { type: 'danced' }, 'unknown type "danced"'],
  ['a body of another type', { type: 'done', summary: 7 }, '✖ Invalid input: expected string'],
  ['an unknown value', { type: 'stop_requested', by: { channel: 'x' } }, 'Invalid option'],
])('%s in a valid envelope is unknown and keeps its number', (_, body, problem) => {
  expect(parseEvent(JSON.stringify({ ...HEAD, ...body }))).toEqual({
    kind: 'unknown',
    is: 'newer',
    n: 1,
    lease: 1,
    problem: expect.stringContaining(problem),
  });
});

test.each([
  ['no number', { n: undefined }],
  ['number zero', { n: 0 }],
  ['a fractional number', { n: 1.5 }],
  ['no time', { at: 'yesterday' }],
  ['no lease', { lease: undefined }],
])('an event with %s is malformed', (_, change) => {
  expect(parseEvent(JSON.stringify({ ...HEAD, type: 'done', summary: '', ...change })).kind).toBe(
    'malformed',
  );
});

test('unknown keys are dropped', () => {
  const reading = parseEvent(JSON.stringify({ ...HEAD, type: 'done', summary: 's', extra: 1 }));
  expect(reading).toEqual({ kind: 'event', event: { ...HEAD, type: 'done', summary: 's' } });
});
