import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEvents } from '../../src/session/events/event-log.ts';
import type { SessionEvent } from '../../src/session/events/events.ts';
import { anyLog, plainLog, textOf } from '../support/event-samples.ts';
import { tempLog } from '../support/temp-log.ts';

test('from the start of a log, nothing counts before number 1', async () => {
  await using log = await tempLog();
  await log.lay(textOf(plainLog(5).slice(1)));
  expect(await readEvents(log.paths, 0)).toEqual([]);
});

test('an older lease does not count, and neither does a number a second time', async () => {
  await using log = await tempLog();
  const events = plainLog(4).map((event) => ({ ...event, lease: 3 }));
  const lines = events.flatMap((event, at) => [
    ...(at === 0 ? [] : [{ ...event, lease: 2, at: '2000-01-01T00:00:00.000Z' }]),
    event,
    { ...event },
  ]);
  await log.lay(textOf(lines));
  expect(await readEvents(log.paths, 0)).toEqual(events);
});

/** Foreign lines between true ones: repeated, out of order, of an older lease, from nowhere. */
const anyMixedLog = fc
  .tuple(anyLog, fc.array(fc.tuple(fc.nat(30), fc.nat(30), fc.nat(3)), { maxLength: 6 }))
  .map(([log, strays]) => {
    const lines = [...log];
    for (const [at, shift, lease] of strays) {
      const source = log[at % Math.max(1, log.length)];
      if (source) lines.splice(at % (lines.length + 1), 0, { ...source, n: source.n + shift, lease });
    }
    return lines;
  });

/** The rule in its plainest words: the next number, and no older lease. */
function counting(lines: readonly SessionEvent[]): SessionEvent[] {
  const taken: SessionEvent[] = [];
  for (const line of lines) {
    const isNext = line.n === taken.length + 1;
    if (isNext && line.lease >= (taken.at(-1)?.lease ?? 0)) taken.push(line);
  }
  return taken;
}

test('whatever foreign lines stand between, the events that count are those of the rule', async () => {
  await using log = await tempLog();
  await fc.assert(
    fc.asyncProperty(anyMixedLog, async (lines) => {
      await log.lay(textOf(lines));
      expect(await readEvents(log.paths, 0)).toEqual(counting(lines));
    }),
    { numRuns: 100 },
  );
});
