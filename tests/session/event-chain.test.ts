import { expect, test } from 'vitest';
import { countingEvents } from '../../src/session/events/event-log.ts';
import { plainLog } from '../support/event-samples.ts';

const numbers = (events: readonly { n: number }[]) => events.map(({ n }) => n);

test('from the start of a log, nothing counts before number 1', () => {
  expect(countingEvents(plainLog(5).slice(1), true)).toEqual([]);
});

test('from the middle, the longest chain counts', () => {
  const [first, second, ...rest] = plainLog(6);
  if (!first || !second) throw new Error('There are six.');
  const read = [{ ...first, n: 40 }, ...rest, { ...first, n: 41 }, first, second];
  expect(numbers(countingEvents(read, false))).toEqual([3, 4, 5, 6]);
});

test('an older lease does not count, and neither does a number a second time', () => {
  const log = plainLog(4).map((event) => ({ ...event, lease: 3 }));
  const read = log.flatMap((event) => [
    { ...event, lease: 2, at: '2000-01-01T00:00:00.000Z' },
    event,
    { ...event },
  ]);
  expect(countingEvents(read.slice(1), true)).toEqual(log);
});
