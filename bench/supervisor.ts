import type { Bench, BenchResult, Goal } from './bench.ts';
import { measureNotifications } from './supervisor/notifications.ts';
import { measureParked } from './supervisor/parked.ts';
import { measureWakes } from './supervisor/wakes.ts';

// Otherwise set by the bundler; read when a file is written.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-test' });

/**
 * How long parked sessions are measured, and how often each kind of wake-up is tried. The supervisor reads few sessions
 * every 10 s, and many once a minute.
 */
const WHOLE = { fewSeconds: 600, manySeconds: 600, rounds: 50 };
const BRIEF = { fewSeconds: 40, manySeconds: 120, rounds: 12 };

/** The cost of sessions while they wait, and how soon they continue. */
export const supervisorBench: Bench = {
  name: 'supervisor',
  title: 'Parked sessions and wake-up',
  about:
    'processes, memory and CPU with 20 and 200 parked sessions, and with 100 in the first minute of the supervisor; ' +
    'the time from a command, typed answers, the end of a limit or a crash until the session continues, ' +
    'and from an event of a waiting or working session until its notification is sent',
  runsOnce: true,
  means: {
    'processes#': 'processes of samocode, # parked sessions',
    'mb#': 'MB of the supervisor (RSS), # parked sessions',
    'cpuPercent#': '% of a core, # parked sessions',
    cpuPercent100: '% of a core in the first minute, with the start, 100 parked sessions',
    peakMb100: 'MB of the supervisor at its peak in that minute (RSS), 100 parked sessions',
    moreMb200: 'MB more with 200 sessions than with 20',
    commandMsP50: 'ms from a command until a worker holds the lease: median',
    commandMsP99: 'ms: 99th percentile',
    answersMsP50:
      'ms from typed answers, marked as complete, to the next agent: median; includes a deliberate delay of 2 s',
    answersMsP99: 'ms: 99th percentile',
    limitMsP50:
      'ms from the end of a usage limit to the next agent: median; includes a deliberate random delay',
    limitMsP99: 'ms: 99th percentile',
    crashMsP50: 'ms from the crash of a worker to the lease of the next: median',
    crashMsP99: 'ms: 99th percentile',
    waitsNotifiedMsP50: 'ms from an event of a waiting session until its notification has arrived: median',
    waitsNotifiedMsP99: 'ms: 99th percentile',
    worksNotifiedMsP50: 'ms for a working session: median',
    worksNotifiedMsP99: 'ms: 99th percentile',
  },
  async run({ isBrief }) {
    const { fewSeconds, manySeconds, rounds } = isBrief ? BRIEF : WHOLE;
    const values: Record<string, number> = {
      ...(await measureParked(20, fewSeconds)),
      ...(await measureParked(100, 60, 0)),
      ...(await measureParked(200, manySeconds)),
      ...(await measureWakes(rounds)),
      ...(await measureNotifications(rounds)),
    };
    values.moreMb200 = Math.abs((values.mb200 ?? Number.NaN) - (values.mb20 ?? Number.NaN));
    return { values, goals: GOALS } satisfies BenchResult;
  },
};

const GOALS: readonly Goal[] = [
  { value: 'processes20', atMost: 1 },
  { value: 'mb20', atMost: 80 },
  { value: 'cpuPercent20', atMost: 0.1 },
  { value: 'processes100', atMost: 1 },
  { value: 'peakMb100', atMost: 80 },
  { value: 'processes200', atMost: 1 },
  { value: 'moreMb200', atMost: 20 },
  { value: 'cpuPercent200', atMost: 0.1 },
  { value: 'commandMsP99', atMost: 500 },
  { value: 'answersMsP99', atMost: 4000 },
  { value: 'limitMsP99', atMost: 5000 },
  { value: 'crashMsP99', atMost: 5000 },
  { value: 'waitsNotifiedMsP99', atMost: 1000 },
  { value: 'worksNotifiedMsP99', atMost: 1000 },
];
