import { type Bench, type BenchResult, type Goal, round } from './bench.ts';
import { measureGap } from './worker/gap.ts';
import { measureOutput } from './worker/output.ts';
import { countProcesses } from './worker/processes.ts';
import { measureStart, measureStop } from './worker/start-and-stop.ts';

const HISTORIES = [1, 1000, 10_000, 100_000] as const;
const OUTPUTS_MB = [1, 200, 1000] as const;

// Without a bundler nobody else says so; it is read when a file is written.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-bench' });

/** What a worker costs beside its children: between two of them, while one prints, at the start and at a stop. */
export const workerBench: Bench = {
  name: 'worker',
  about:
    'gap between two children by length of history (ownCpu, gitCpu: CPU per gap on 1,000 files, in memory; fsync apart), processes that it starts, ' +
    'peak memory and CPU while a child prints, start until the first child, stop until all are dead',
  async run() {
    const values: Record<string, number> = {};
    for (const history of HISTORIES) Object.assign(values, await measureGap(history, 'memory'));
    const onDisk = await measureGap(1, 'disk');
    values.fsyncMs = round(Math.max(0, (onDisk.gapMs1 ?? 0) - (values.gapMs1 ?? 0)));
    for (const shape of ['plain', 'event'] as const) {
      for (const megabytes of OUTPUTS_MB) Object.assign(values, await measureOutput(megabytes, shape));
    }
    Object.assign(values, await countProcesses(), await measureStart(), await measureStop());
    values.gapTimes100000 = ratio(values.gapMs100000, values.gapMs1);
    values.cpuMs1 = round((values.ownCpuMs1 ?? 0) + (values.gitCpuMs1 ?? 0));
    values.memoryTimesPlain = ratio(values.peakMbPlain1000, values.peakMbPlain1);
    values.memoryTimesEvent = ratio(values.peakMbEvent1000, values.peakMbEvent1);
    return { values, goals: GOALS } satisfies BenchResult;
  },
};

const GOALS: readonly Goal[] = [
  { value: 'gapTimes100000', atMost: 1.1 },
  { value: 'gapMs1', atMost: 300 },
  { value: 'cpuMs1', atMost: 100 },
  { value: 'processesPerIteration', atMost: 20 },
  { value: 'peakMbPlain1000', atMost: 60 },
  { value: 'peakMbEvent1000', atMost: 60 },
  { value: 'memoryTimesPlain', atMost: 1.1 },
  { value: 'memoryTimesEvent', atMost: 1.1 },
  { value: 'cpuMsPlain1000', atMost: 200 },
  { value: 'cpuMsEvent1000', atMost: 2000 },
  { value: 'firstChildMs', atMost: 100 },
  { value: 'allDeadMs', atMost: 5000 },
];

function ratio(large: number | undefined, small: number | undefined): number {
  return round((large ?? Number.NaN) / (small ?? Number.NaN), 2);
}
