import { appendFile } from 'node:fs/promises';
import { readEvents, readLog } from '../src/core/session/log/event-log.ts';
import { plainLog, textOf } from '../tests/support/event-samples.ts';
import { tempLog } from '../tests/support/temp-log.ts';
import { type Bench, type BenchResult, type Measurement, middle, round, rounded } from './bench.ts';

const ROUNDS = 41;
const SIZES = [10, 1000, 100_000] as const;
const LARGEST = 100_000;
/** Events after the cached state, which a reader typically has to fold itself while a worker runs. */
const TAIL = 8;

// Otherwise set by the bundler; read when an event is written.
Object.assign(globalThis, { __FAULTS__: false });

/** The cost of a status at the beginning of a session and after a hundred thousand events. */
export const statusBench: Bench = {
  name: 'status',
  title: 'Status by length of the event log',
  about:
    'reading the state of a session from its cache and the events after it, with 10 to 100,000 events, and from all events',
  runsOnce: true,
  means: {
    'statusMs#': 'ms to read the state, # events',
    'newestMs#': 'ms to read the newest three of # events',
    'fromStartMs#': 'ms to fold all # events, without the cache',
    'openMs#': 'ms to open and check the log, # events',
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

/** Milliseconds of several rounds, after one that warms the disk cache. */
async function time(read: () => Promise<unknown>, rounds = ROUNDS): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const begun = performance.now();
    await read();
    times.push(performance.now() - begun);
  }
  return times.slice(1);
}
