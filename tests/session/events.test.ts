import { expect, test } from 'vitest';
import { parseEvent } from '../../src/session/events.ts';
import { eventsProperties } from '../properties/events.ts';

for (const property of eventsProperties) test(property.name, async () => await property.run(300));

const HEAD = { v: 1, n: 1, at: '2026-01-08T10:00:00.000Z', lease: 1 };

test('a line of a newer version is told apart from a broken one', () => {
  expect(parseEvent('{"v":2,"type":"of the future"}')).toEqual({ kind: 'newer', version: 2 });
  expect(parseEvent('{"v":0,"type":"done","summary":""}').kind).toBe('malformed');
});

test('an unknown type of our own version is malformed, and its name is told', () => {
  expect(parseEvent(JSON.stringify({ ...HEAD, type: 'danced' }))).toMatchObject({
    kind: 'malformed',
    problem: 'unknown type "danced"',
  });
});

test.each([
  ['no number', { n: undefined }],
  ['number zero', { n: 0 }],
  ['a number that is none', { n: 1.5 }],
  ['no time', { at: 'yesterday' }],
  ['no lease', { lease: undefined }],
  ['a body of another type', { summary: 7 }],
])('an event with %s is malformed', (_, change) => {
  expect(parseEvent(JSON.stringify({ ...HEAD, type: 'done', summary: '', ...change })).kind).toBe(
    'malformed',
  );
});

test('keys that we do not know are left out', () => {
  const reading = parseEvent(JSON.stringify({ ...HEAD, type: 'done', summary: 's', more: 1 }));
  expect(reading).toEqual({ kind: 'event', event: { ...HEAD, type: 'done', summary: 's' } });
});
