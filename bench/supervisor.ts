import type { Bench, BenchResult, Goal } from './bench.ts';
import { measureNotifications } from './supervisor/notifications.ts';
import { measureParked } from './supervisor/parked.ts';
import { measureWakes } from './supervisor/wakes.ts';

// Without a bundler nobody else says so; it is read when a file is written.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-test' });

/**
 * For how long parked sessions are watched, few of which are looked at every 10 s and many once a minute, and how often
 * each way to continue is tried.
 */
const WHOLE = { fewSeconds: 600, manySeconds: 600, rounds: 50 };
const BRIEF = { fewSeconds: 40, manySeconds: 120, rounds: 12 };

/** What sessions cost while they wait, and how soon each of them continues. */
export const supervisorBench: Bench = {
  name: 'supervisor',
  title: 'Parked sessions and wake-up',
  about:
    'processes, memory and CPU with 20 and 200 parked sessions; ' +
    'time from a command, typed answers, the end of a limit and a crash until the session continues, ' +
    'and from an event of a session that waits or works until its notification is sent',
  runsOnce: true,
  means: {
    'processes#': 'processes of samocode with # parked sessions',
    'mb#': 'MB resident of the supervisor with # parked sessions (RSS)',
    'cpuPercent#': '% of a core that it uses with # parked sessions',
    moreMb200: 'MB by which 200 differ from 20',
    commandMsP50: 'ms from a command until a worker holds the lease: half are sooner',
    commandMsP99: 'ms: 99 of 100 are',
    answersMsP50:
      'ms from typed answers, marked as complete, to the next agent: half are sooner; 2 s of it are a rest',
    answersMsP99: 'ms: 99 of 100 are',
    limitMsP50:
      'ms from the end of a usage limit to the next agent: half are sooner; some of it is a deliberate spread',
    limitMsP99: 'ms: 99 of 100 are',
    crashMsP50: 'ms from the crash of a worker to the lease of the next: half are sooner',
    crashMsP99: 'ms: 99 of 100 are',
    waitsNotifiedMsP50:
      'ms from an event of a session that waits until its notification has arrived: half are sooner',
    waitsNotifiedMsP99: 'ms: 99 of 100 are',
    worksNotifiedMsP50: 'ms, of a session that works: half are sooner',
    worksNotifiedMsP99: 'ms: 99 of 100 are',
  },
  async run({ isBrief }) {
    const { fewSeconds, manySeconds, rounds } = isBrief ? BRIEF : WHOLE;
    const values: Record<string, number> = {
      ...(await measureParked(20, fewSeconds)),
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
