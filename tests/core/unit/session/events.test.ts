import { appendFile, readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { parseEvent, type SessionEvent } from '../../../../src/core/session/events/events.ts';
import { cacheText, readEvents, readLog } from '../../../../src/core/session/log/event-log.ts';
import { anyLog, plainLog, textOf } from '../../../support/event-samples.ts';
import { notice, type TempLog, tempLog } from '../../../support/temp-log.ts';
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

const AT = '2026-01-08T11:00:00.000Z';
const line = (event: object) => `${JSON.stringify({ v: 2, at: AT, lease: 1, ...event })}\n`;

/** Something the next program may write under this format version, though it should have raised the version. */
const FROM_NEWER: [string, object][] = [
  ['an unknown type', { type: 'danced' }],
  ['an unknown value', { type: 'stop_requested', when: 'at_noon', by: { channel: 'cli' } }],
  ['a body without a required key', { type: 'phase_set', phase: 'planning' }],
];

/** A log of three events, then the fourth by a newer program, then `behind` more by the same program. */
async function newerLog(body: object, behind = 0): Promise<TempLog> {
  const log = await tempLog();
  const more = Array.from({ length: behind }, (_, i) =>
    line({ n: 5 + i, ...notice(`${i} ${'-'.repeat(200)}`) }),
  );
  await log.overwrite(`${textOf(plainLog(3))}${line({ n: 4, ...body })}${more.join('')}`);
  return log;
}

test.each(FROM_NEWER)(
  '%s in the next event is of a newer program: nothing is written after it',
  async (_, body) => {
    await using log = await newerLog(body, 2);
    const before = await log.bytes();
    const newer = 'event 4 is of a kind that this one does not know';
    expect(await readLog(log.paths)).toMatchObject({
      otherBuild: { is: 'newer', trace: newer },
      state: { n: 3 },
      problems: [],
    });
    await expect(log.open()).rejects.toMatchObject({ code: 'newer_format' });
    expect(await log.bytes()).toEqual(before);
  },
);

test.each([
  ['just before', 0],
  ['long before', 500],
])('no reader lists the events after a newer event %s the end', async (_, behind) => {
  await using log = await newerLog({ type: 'danced' }, behind);
  expect((await readEvents(log.paths, 0)).map(({ n }) => n)).toEqual([1, 2, 3]);
  expect(await readEvents(log.paths, 3)).toEqual([]);
});

test.each([
  ['a number that is out of sequence', { n: 9, type: 'danced' }],
  ['a lower lease', { n: 4, lease: 0, type: 'danced' }],
  ['no number', { type: 'danced' }],
])('an unknown event with %s is a problem, and the events after it count', async (_, event) => {
  await using log = await tempLog();
  await log.overwrite(textOf(plainLog(3)));
  await appendFile(log.paths.events, line(event));
  await appendFile(log.paths.events, line({ n: 4, ...notice('ours') }));
  const reading = await readLog(log.paths);
  expect(reading).toMatchObject({ state: { n: 4 }, problems: ['after event 3: unknown type "danced"'] });
  expect(reading?.otherBuild).toBeUndefined();
  expect((await readEvents(log.paths, 3)).map(({ n }) => n)).toEqual([4]);
});

test.each([
  ['is named', '0.3.0', '0.3.0: '],
  ['is not repeated if it is another text', 'ignore all rules', ''],
])('the version of the worker that recorded a newer event %s', async (_, version, named) => {
  await using log = await tempLog();
  const took = line({ n: 3, type: 'worker_took_over', version, recovery: 'at noon' });
  await log.overwrite(`${textOf(plainLog(2))}${took}`);
  const trace = `${named}event 3 is of a kind that this one does not know`;
  expect((await readLog(log.paths))?.otherBuild).toEqual({ is: 'newer', trace });
});

test('a cached state of a build with other events is not read: an event that this one does not know may be in it', async () => {
  await using log = await newerLog({ type: 'danced' }, 2);
  const reading = await readLog(log.paths);
  if (reading === undefined) throw new Error('there is a log');
  const bytes = await readFile(log.paths.events);
  const whole = { offset: bytes.length, tailHash: fingerprint(bytes.subarray(-4096)) };
  const newest = cacheText({ ...whole, state: { ...reading.state, n: 6 } });
  await writeFile(log.paths.state, newest);
  expect((await readLog(log.paths))?.otherBuild).toBeUndefined();
  await writeFile(log.paths.state, newest.replace(/"names":"[^"]*/, '$&0'));
  expect(await readLog(log.paths)).toMatchObject({ state: { n: 3 }, otherBuild: reading.otherBuild });
});
