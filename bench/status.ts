import { appendFile } from 'node:fs/promises';
import { readEvents, readLog } from '../src/session/events/event-log.ts';
import { plainLog, textOf } from '../tests/support/event-samples.ts';
import { tempLog } from '../tests/support/temp-log.ts';
import { type Bench, type BenchResult, type Measurement, middle, round, rounded } from './bench.ts';

const ROUNDS = 41;
const SIZES = [10, 1000, 100_000] as const;
const LARGEST = 100_000;
/** Events behind the cached state: what a reader has to fold by itself in the middle of a worker's life. */
const TAIL = 8;

// Without a bundler nobody else says so; it is read when an event is written.
Object.assign(globalThis, { __FAULTS__: false });

/** What a status costs at the beginning of a session and after a hundred thousand events. */
export const statusBench: Bench = {
  name: 'status',
  title: 'Status by length of the event log',
  about:
    'reading the state of a session by its cache and tail, after 10 to 100,000 events; and from the start',
  runsOnce: true,
  means: {
    'statusMs#': 'ms to read the state of a session with # events',
    'newestMs#': 'ms to read its newest three events, of #',
    'fromStartMs#': 'ms to fold all # events, without the cache',
    'openMs#': 'ms until a worker has opened the log of # events: it checks all of them',
  },
  async run() {
    const events = plainLog(LARGEST);
    const values: Record<string, Measurement> = {};
    for (const size of SIZES) Object.assign(values, await measure(events.slice(0, size)));
    const timesSmallest = middle(values[`statusMs${LARGEST}`]) / middle(values.statusMs10);
    return {
      values: { ...values, timesSmallest: round(timesSmallest, 2) },
      goals: [
        { value: `statusMs${LARGEST}`, atMost: 5 },
        { value: `newestMs${LARGEST}`, atMost: 10 },
        { value: `fromStartMs${LARGEST}`, atMost: 5000 },
      ],
    } satisfies BenchResult;
  },
};

async function measure(events: ReturnType<typeof plainLog>): Promise<Record<string, number[]>> {
  await using log = await tempLog();
  const size = events.length;
  await log.overwrite(textOf(events.slice(0, -TAIL)));
  const opened = performance.now();
  const { writer } = await log.open();
  const openMs = performance.now() - opened;
  writer.writeCache();
  await appendFile(log.paths.events, textOf(events.slice(-TAIL)));
  const times = {
    statusMs: await time(() => readLog(log.paths)),
    newestMs: await time(() => readEvents(log.paths, size - 3)),
    fromStartMs: await time(() => readLog(log.paths, { useCache: false }), size === LARGEST ? 3 : ROUNDS),
    openMs: [openMs],
  };
  return Object.fromEntries(
    Object.entries(times).map(([name, values]) => [`${name}${size}`, rounded(values, 2)]),
  );
}

/** Milliseconds of several rounds; one before them warms the cache of the disk. */
async function time(read: () => Promise<unknown>, rounds = ROUNDS): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const begun = performance.now();
    await read();
    times.push(performance.now() - begun);
  }
  return times.slice(1);
}
