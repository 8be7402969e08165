import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { cacheText, readEvents, readLog } from '../../../../src/core/session/log/event-log.ts';
import { plainLog, textOf } from '../../../support/event-samples.ts';
import { notice, type TempLog, tempLog } from '../../../support/temp-log.ts';

const AT = '2026-01-08T11:00:00.000Z';
const line = (event: object) => `${JSON.stringify({ v: 2, at: AT, lease: 1, ...event })}\n`;

/** Something the next program may write under this format version, though it should have raised the version. */
const FROM_NEWER: [string, object][] = [
  ['an unknown type', { type: 'danced' }],
  ['an unknown value', { type: 'stop_requested', when: 'at_noon', by: { channel: 'cli' } }],
  ['a body without a required key', { type: 'phase_set', phase: 'planning' }],
];

/** A log of three events, then the fourth by a newer program, then `behind` more of its own. */
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
