import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { anyLog, plainLog, textOf } from '../../../support/event-samples.ts';
import { tempLog } from '../../../support/temp-log.ts';

test('at the start of a log, nothing before number 1 is valid', async () => {
  await using log = await tempLog();
  await log.overwrite(textOf(plainLog(5).slice(1)));
  expect(await readEvents(log.paths, 0)).toEqual([]);
});

test('an older lease or a repeated number is invalid', async () => {
  await using log = await tempLog();
  const events = plainLog(4).map((event) => ({ ...event, lease: 3 }));
  const lines = events.flatMap((event, at) => [
    ...(at === 0 ? [] : [{ ...event, lease: 2, at: '2000-01-01T00:00:00.000Z' }]),
    event,
    { ...event },
  ]);
  await log.overwrite(textOf(lines));
  expect(await readEvents(log.paths, 0)).toEqual(events);
});

/** Foreign lines between valid ones: repeated, out of order, of an older lease, unrelated. */
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

/** A simple model of the rule: the next number, and no older lease. */
function counting(lines: readonly SessionEvent[]): SessionEvent[] {
  const taken: SessionEvent[] = [];
  for (const line of lines) {
    const isNext = line.n === taken.length + 1;
    if (isNext && line.lease >= (taken.at(-1)?.lease ?? 0)) taken.push(line);
  }
  return taken;
}

test('with any foreign lines in between, the valid events are those of the model', async () => {
  await using log = await tempLog();
  await fc.assert(
    fc.asyncProperty(anyMixedLog, async (lines) => {
      await log.overwrite(textOf(lines));
      expect(await readEvents(log.paths, 0)).toEqual(counting(lines));
    }),
    { numRuns: 100 },
  );
});
