// @module-tag ci
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { type LogReading, readEvents, readLog } from '../../../../src/core/session/log/event-log.ts';
import { anyLog, plainLog, textOf } from '../../../support/event-samples.ts';
import { notice, tempLog } from '../../../support/temp-log.ts';

const stateOf = (reading: LogReading | undefined) => reading?.state;
const folded = (count: number) => plainLog(count).reduce(fold, emptyState());

const short = (n: number): SessionEvent => {
  return { v: 2, n, at: '2026-01-08T10:00:00.000Z', lease: 1, type: 'notice', code: 'ü', text: '🙂' };
};

test('a missing log is distinguished from an empty one', async () => {
  await using log = await tempLog();
  expect(await readLog(log.paths)).toBeUndefined();
  expect(await readEvents(log.paths, 0)).toEqual([]);
  await log.overwrite('');
  expect(await readLog(log.paths)).toMatchObject({ state: { n: 0 }, offset: 0, problems: [] });
});

test('from a log cut at any byte, exactly the complete events are read', async () => {
  await using log = await tempLog();
  const events = plainLog(4).map(({ n }) => short(n));
  const bytes = Buffer.from(textOf(events));
  for (let length = 0; length <= bytes.length; length += 1) {
    const cut = bytes.subarray(0, length);
    await log.overwrite(cut);
    const complete = cut.toString('latin1').split('\n').length - 1;
    const reading = await readLog(log.paths);
    expect(reading).toMatchObject({ offset: cut.lastIndexOf('\n') + 1, size: length, problems: [] });
    expect(reading?.state.n).toBe(complete);
    expect(await readEvents(log.paths, 0)).toHaveLength(complete);
  }
});

test.each<[string, string]>([
  ['not JSON', 'hello'],
  ['empty', ''],
  ['a repeated number', textOf(plainLog(2)).split('\n')[0] ?? ''],
  ['a future number', JSON.stringify({ ...plainLog(9)[8] })],
  ['not an event', '{"v":1,"type":"danced"}'],
  ['invalid UTF-8', '\ud800\u0000'],
])('a foreign line (%s) is skipped and reported, and the others count', async (_, line) => {
  await using log = await tempLog();
  const lines = textOf(plainLog(6)).split('\n');
  await log.overwrite([...lines.slice(0, 3), line, ...lines.slice(3)].join('\n'));
  const reading = await readLog(log.paths);
  expect(stateOf(reading)).toEqual(folded(6));
  expect(reading?.problems).toHaveLength(1);
  expect((await readEvents(log.paths, 0)).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await readEvents(log.paths, 4)).map(({ n }) => n)).toEqual([5, 6]);
});

test('a log that has grown is read on from where the last reading stopped, and one that was rewritten from its start', async () => {
  await using log = await tempLog();
  const events = plainLog(9);
  await log.overwrite(textOf(events.slice(0, 4)));
  const readOn = async (from?: LogReading) => {
    const read: SessionEvent[] = [];
    const onEvent = (event: SessionEvent) => read.push(event);
    return { log: await readLog(log.paths, { from, useCache: false, onEvent }), read };
  };
  const first = await readOn();
  await log.overwrite(textOf(events.slice(0, 4)) + textOf(events.slice(4)).slice(0, -3));
  const second = await readOn(first.log);
  expect([first.read, second.read]).toEqual([events.slice(0, 4), events.slice(4, 8)]);
  await log.overwrite(textOf(events));
  const third = await readOn(second.log);
  expect(third.read).toEqual(events.slice(8));
  expect(stateOf(third.log)).toEqual(events.reduce(fold, emptyState()));
  await log.overwrite(textOf(events).replace(events[0]?.at ?? '', '2001-01-01T00:00:00.000Z'));
  const anew = await readOn(second.log);
  expect(anew.read.map(({ n }) => n)).toEqual(events.map(({ n }) => n));
  expect(anew.read[0]?.at).toBe('2001-01-01T00:00:00.000Z');
});

test('an event of a worker that had lost its lease is skipped', async () => {
  await using log = await tempLog();
  const [first, second, third] = plainLog(3);
  await log.overwrite(
    `${JSON.stringify({ ...first, lease: 2 })}\n${JSON.stringify(second)}\n${JSON.stringify({ ...second, lease: 2 })}\n${JSON.stringify({ ...third, lease: 3 })}\n`,
  );
  const reading = await readLog(log.paths);
  expect(reading).toMatchObject({
    state: { n: 3, lease: 3 },
    problems: ['event 2 of a worker without the lease'],
  });
});

test('a clock that jumps back does not reorder events', async () => {
  await using log = await tempLog();
  const events = plainLog(6).map((event, index) => ({
    ...event,
    at: new Date(1e12 - index * 1e9).toISOString(),
  }));
  await log.overwrite(textOf(events));
  expect((await readEvents(log.paths, 0)).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(stateOf(await readLog(log.paths))?.n).toBe(6);
});

test('a newer version is reported even if lines follow it', async () => {
  await using log = await tempLog();
  await log.overwrite(textOf(plainLog(3)));
  await appendFile(log.paths.events, '{"v":9,"n":4,"type":"of the future"}\n');
  expect(await readLog(log.paths)).toMatchObject({
    otherBuild: { is: 'newer', trace: 'format 9; this one knows 2' },
    state: { n: 3 },
  });
  await appendFile(log.paths.events, 'x\n');
  expect(await readLog(log.paths)).toMatchObject({
    otherBuild: { is: 'newer', trace: 'format 9; this one knows 2' },
    state: { n: 3 },
  });
});

/** Writes a log of `count` events through the writer, so that there is a cache of it. */
async function logWithCache(count: number) {
  const log = await tempLog();
  const { writer } = await log.open();
  for (let index = 0; index < count; index += 1) await writer.append(notice(`${index} ${'-'.repeat(300)}`));
  writer.writeCache();
  return log;
}

test('reading from the cache equals reading from the start, for any log and any of its caches', async () => {
  await using log = await tempLog();
  await fc.assert(
    fc.asyncProperty(anyLog, fc.nat(), async (events, at) => {
      const cut = at % (events.length + 1);
      await rm(log.paths.state, { force: true });
      await log.overwrite(textOf(events.slice(0, cut)));
      const { writer } = await log.open();
      writer.writeCache();
      await log.overwrite(textOf(events));
      const cached = await readLog(log.paths);
      expect(cached).toEqual(await readLog(log.paths, { useCache: false }));
      expect(cached?.state).toEqual(events.reduce(fold, emptyState()));
    }),
    { numRuns: 40 },
  );
});

const HASH_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const FORGED = { ...emptyState(), n: 7, lease: 99 };

test.each<[string, unknown]>([
  ['missing', undefined],
  ['empty', ''],
  ['not JSON', '{"v":1,'],
  ['null', null],
  ['a list', []],
  ['of a newer version', { v: 99, offset: 0, tailHash: HASH_OF_NOTHING, state: FORGED }],
  ['without a version', { offset: 0, tailHash: HASH_OF_NOTHING, state: FORGED }],
  ['without a hash, past the end', { v: 2, offset: 1e9, state: FORGED }],
  ['at a negative offset', { v: 2, offset: -5, tailHash: HASH_OF_NOTHING, state: FORGED }],
  ['at half a byte', { v: 2, offset: 0.5, tailHash: HASH_OF_NOTHING, state: FORGED }],
  ['of another log', { v: 2, offset: 500, tailHash: HASH_OF_NOTHING, state: FORGED }],
  ['with a state of another shape', { v: 2, offset: 0, tailHash: HASH_OF_NOTHING, state: { n: 7 } }],
])('a state.json that is %s changes nothing', async (_, content) => {
  await using log = await logWithCache(3);
  const before = await readLog(log.paths);
  await rm(log.paths.state);
  if (content !== undefined)
    await writeFile(log.paths.state, typeof content === 'string' ? content : JSON.stringify(content));
  expect(await readLog(log.paths)).toEqual(before);
});

test('a folder or a pipe at the path of state.json changes nothing', async () => {
  await using log = await logWithCache(3);
  const before = await readLog(log.paths);
  await rm(log.paths.state);
  await mkdir(log.paths.state);
  expect(await readLog(log.paths)).toEqual(before);
  await rm(log.paths.state, { recursive: true });
  execFileSync('mkfifo', [log.paths.state]);
  expect(await readLog(log.paths)).toEqual(before);
});

test('a folder, link or pipe at the path of the log is not read as a log, and does not block the reader', async () => {
  await using log = await tempLog();
  const { events } = log.paths;
  for (const plant of [
    ['mkdir', events],
    ['mkfifo', events],
    ['ln', '-s', '/etc/hostname', events],
  ]) {
    execFileSync(plant[0] ?? '', plant.slice(1));
    expect(await readLog(log.paths)).toBeUndefined();
    expect(await readEvents(log.paths, 0)).toEqual([]);
    await rm(events, { recursive: true });
  }
});

test('with a cache the first events are not read again', async () => {
  await using log = await logWithCache(40);
  const whole = await readLog(log.paths);
  const bytes = await log.bytes();
  // A read of the first line would find it broken.
  await log.overwrite(Buffer.concat([Buffer.from('?'), bytes.subarray(1)]));
  expect(await readLog(log.paths)).toEqual(whole);
});

test('any number of the newest events is read from a long log', async () => {
  await using log = await tempLog();
  const events = plainLog(2000);
  await log.overwrite(textOf(events));
  for (const after of [0, 999, 1990, 1999, 2000, 5000]) {
    const numbers = (await readEvents(log.paths, after)).map(({ n }) => n);
    expect(numbers).toEqual(events.slice(after).map(({ n }) => n));
  }
});

test('foreign lines at the end of a long log do not hide its newest events', async () => {
  await using log = await tempLog();
  const events = plainLog(2000);
  const stray = JSON.stringify({ ...events[0], n: 9000 });
  await log.overwrite(`${textOf(events)}${stray}\n${JSON.stringify(events[0])}\nhello\n`);
  expect((await readEvents(log.paths, 1990)).map(({ n }) => n)).toEqual([
    1991, 1992, 1993, 1994, 1995, 1996, 1997, 1998, 1999, 2000,
  ]);
});

test('lines longer than the read buffer count like others', async () => {
  await using log = await tempLog();
  const long = 'ü🙂'.repeat(100_000);
  const events = plainLog(5).map((event) => ({ ...event, flow: `${event.n} ${long}` }));
  await log.overwrite(textOf(events));
  expect(await readEvents(log.paths, 3)).toEqual(events.slice(3));
  expect(stateOf(await readLog(log.paths))?.n).toBe(5);
});
