import { type Bench, type BenchResult, type Goal, type Measurement, middle, round } from './bench.ts';
import { measureGap } from './worker/gap.ts';
import { measureOutput } from './worker/output.ts';
import { countProcesses } from './worker/processes.ts';
import { measureStart, measureStop } from './worker/start-and-stop.ts';

const HISTORIES = [1, 1000, 10_000, 100_000] as const;
const OUTPUTS_MB = [1, 200, 1000] as const;

// Otherwise set by the bundler; read when a file is written.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-bench' });

/** The cost of a worker apart from its agents: between two of them, while one prints, at the start and at a stop. */
export const workerBench: Bench = {
  name: 'worker',
  title: 'Worker',
  about:
    'the gap between two agents by the length of the history (1,000 files, on a disk in memory), the programs that a worker starts, ' +
    'its memory and CPU while an agent prints, its start, and a stop until all processes are dead',
  runsOnce: true,
  means: {
    'gapMs#': 'ms from the end of an agent to the start of the next; earlier iterations: #',
    'ownCpuMs#': 'ms of CPU of the worker for that; earlier iterations: #',
    'gitCpuMs#': 'ms of CPU of git and the wrapper for that; earlier iterations: #',
    fsyncMs: 'ms that a real disk adds to the gap',
    gapTimes100000: 'times the gap of the first iterations, after 100,000 iterations',
    processesPerIteration: 'programs that a worker starts for an iteration',
    allProgramsPerIteration: 'programs started for that, with those that git starts',
    syncsPerIteration: 'syncs of files and folders for that, with those of git',
    'peakMbPlain#': 'peak MB of the worker while an agent prints # MB of text',
    'cpuMsPlain#': 'ms of its CPU for that, # MB',
    'peakMbEvent#': 'peak MB of the worker while an agent prints # MB of events',
    'cpuMsEvent#': 'ms of its CPU for that, # MB',
    firstChildMs: 'ms from the launch of a worker to its first agent',
    allDeadMs:
      'ms from a stop to the end of the last process of an agent that ignores TERM and has left five others',
  },
  async run({ isBrief }) {
    const values: Record<string, Measurement> = {};
    const histories = isBrief ? [1, 100_000] : HISTORIES;
    const outputsMb = isBrief ? [1, 200] : OUTPUTS_MB;
    for (const history of histories) Object.assign(values, await measureGap(history, 'memory'));
    const onDisk = await measureGap(1, 'disk');
    values.fsyncMs = round(Math.max(0, middle(onDisk.gapMs1) - middle(values.gapMs1)));
    for (const shape of ['plain', 'event'] as const) {
      for (const megabytes of outputsMb) Object.assign(values, await measureOutput(megabytes, shape));
    }
    Object.assign(values, await countProcesses(), await measureStart(), await measureStop());
    values.gapTimes100000 = ratio(values.gapMs100000, values.gapMs1);
    values.cpuMs1 = round(middle(values.ownCpuMs1) + middle(values.gitCpuMs1));
    const most = outputsMb.at(-1);
    values.memoryTimesPlain = ratio(values[`peakMbPlain${most}`], values.peakMbPlain1);
    values.memoryTimesEvent = ratio(values[`peakMbEvent${most}`], values.peakMbEvent1);
    return { values, goals: GOALS } satisfies BenchResult;
  },
};

const GOALS: readonly Goal[] = [
  { value: 'gapTimes100000', atMost: 1.1 },
  { value: 'gapMs1', atMost: 300 },
  { value: 'cpuMs1', atMost: 60 },
  { value: 'ownCpuMs1', atMost: 35 },
  { value: 'processesPerIteration', atMost: 10 },
  { value: 'allProgramsPerIteration', atMost: 12 },
  { value: 'peakMbPlain200', atMost: 85 },
  { value: 'peakMbPlain1000', atMost: 85 },
  { value: 'peakMbEvent200', atMost: 85 },
  { value: 'peakMbEvent1000', atMost: 85 },
  { value: 'memoryTimesPlain', atMost: 1.1 },
  { value: 'memoryTimesEvent', atMost: 1.1 },
  { value: 'cpuMsPlain1000', atMost: 200 },
  { value: 'cpuMsEvent1000', atMost: 2000 },
  { value: 'firstChildMs', atMost: 600 },
  { value: 'allDeadMs', atMost: 5000 },
];

function ratio(large: Measurement | undefined, small: Measurement | undefined): number {
  return round(middle(large) / middle(small), 2);
}
