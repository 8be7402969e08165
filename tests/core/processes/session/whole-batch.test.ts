// @module-tag ci
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { waitForEvents } from '../../../../src/core/session/folder/watch.ts';
import { readEvents, readLog } from '../../../../src/core/session/log/event-log.ts';
import { anyLog, textOf } from '../../../support/event-samples.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { notice, type TempLog, tempLog } from '../../../support/temp-log.ts';

const START: NewEvent[] = [
  { type: 'command_accepted', id: '01KEE000000000000000000001', kind: 'start', by: { channel: 'cli' } },
  createdEvent(),
];
const APPROVAL: NewEvent[] = [
  { type: 'command_accepted', id: '01KEE000000000000000000002', kind: 'approve', by: { channel: 'cli' } },
  {
    type: 'plan_approved',
    by: { channel: 'cli' },
    plan: { name: '01-08-10:00-plan-x.md', hash: 'abc' },
    phase: 'implementation',
  },
];

/** A log of three batches, its bytes, and the event numbers at which a batch ends. */
async function threeBatches(log: TempLog): Promise<Buffer> {
  const { writer } = await log.open();
  await writer.append(...START);
  await writer.append(notice('alone'));
  await writer.append(...APPROVAL);
  return await log.bytes();
}

/** What every reader returns for each prefix of a log. */
async function readingsOf(log: TempLog, bytes: Buffer, from: number) {
  const seen: { folded: number; listed: number; waited: number }[] = [];
  for (let length = from; length <= bytes.length; length += 1) {
    await log.overwrite(bytes.subarray(0, length));
    const folded = (await readLog(log.paths, { useCache: false }))?.state.n ?? 0;
    const listed = (await readEvents(log.paths, 0)).at(-1)?.n ?? 0;
    const [waited] = await waitForEvents([{ paths: log.paths, after: 3 }], {
      timeoutMs: 0,
      clock: systemClock,
    });
    seen.push({ folded, listed, waited: waited === undefined ? 3 : 5 });
  }
  return seen;
}

test('the events of one batch are read together or not at all, wherever the log is torn', async () => {
  await using log = await tempLog();
  const bytes = await threeBatches(log);
  const seen = await readingsOf(log, bytes, 0);
  expect(new Set(seen.map(({ folded }) => folded))).toEqual(new Set([0, 2, 3, 5]));
  expect(new Set(seen.map(({ listed }) => listed))).toEqual(new Set([0, 2, 3, 5]));
  expect(seen.filter(({ waited, folded }) => waited === 5 && folded !== 5)).toEqual([]);
});

test('a log torn within a batch is truncated to the previous one, and numbering continues there', async () => {
  await using log = await tempLog();
  const bytes = await threeBatches(log);
  const torn = bytes.subarray(0, bytes.length - 20);
  await log.overwrite(torn);
  const { writer } = await log.open();
  const left = (await log.lines()).join('\n').length + 1;
  expect(writer.truncatedBytes).toBe(torn.length - left);
  expect(writer.state.n).toBe(3);
  expect(writer.isAnswered('01KEE000000000000000000002')).toBe(false);
  const [again] = await writer.append(...APPROVAL);
  expect(again).toMatchObject({ n: 4, type: 'command_accepted' });
  expect((await readLog(log.paths))?.state).toMatchObject({ n: 5, approvedPlan: { hash: 'abc' } });
});

test('a file found while appending belongs to the same batch', async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  await writer.append(...START);
  await log.overwrite(Buffer.concat([await log.bytes(), Buffer.from('{"foreign":1}\n')]));
  await writer.append(notice('ours'));
  const bytes = await log.bytes();
  await log.overwrite(bytes.subarray(0, bytes.length - 10));
  expect((await readEvents(log.paths, 0)).map(({ type }) => type)).toEqual([
    'command_accepted',
    'session_created',
  ]);
});

test('the choices of a start count only once their whole batch is written', async () => {
  await using log = await tempLog();
  const { writer } = await log.open();
  await writer.append(...START, notice('of the same commit'));
  const bytes = await log.bytes();
  expect((await readLog(log.paths))?.state.file).toEqual(sessionFileSample());
  await log.overwrite(bytes.subarray(0, bytes.length - 10));
  expect((await readLog(log.paths))?.state.file).toBeUndefined();
});

test('for any event at the end of a batch, both readers of a log stop at the same number', async () => {
  await using log = await tempLog();
  const ends = fc.array(fc.boolean(), { minLength: 25, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(anyLog, ends, async (events, isEnd) => {
      await log.overwrite(textOf(events.map((event, i) => (isEnd[i] ? event : { ...event, more: true }))));
      const folded = await readLog(log.paths, { useCache: false });
      const listed = await readEvents(log.paths, 0);
      expect(listed.at(-1)?.n ?? 0).toBe(folded?.state.n);
      expect(listed).toHaveLength(isEnd.slice(0, events.length).lastIndexOf(true) + 1);
    }),
    { numRuns: 60 },
  );
});

test('an event that an older program wrote after half a batch completes it', async () => {
  await using log = await tempLog();
  const bytes = await threeBatches(log);
  const lines = bytes.toString('utf8').split('\n').slice(0, 4);
  const later = { v: 2, n: 5, at: '2026-01-08T10:00:00.000Z', lease: 2, type: 'worker_left', why: 'x' };
  await log.overwrite(`${[...lines, JSON.stringify(later)].join('\n')}\n`);
  expect((await readLog(log.paths, { useCache: false }))?.state.n).toBe(5);
  expect((await readEvents(log.paths, 3)).map(({ n }) => n)).toEqual([4, 5]);
});
