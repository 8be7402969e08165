import type { Bench, BenchResult, Goal } from './bench.ts';
import { measureNotifications } from './supervisor/notifications.ts';
import { measureParked } from './supervisor/parked.ts';
import { measureWakes } from './supervisor/wakes.ts';

// Without a bundler nobody else says so; it is read when a file is written.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-test' });

/** For how long parked sessions are watched; shorter with this variable. */
const SECONDS = Number(process.env.BENCH_SUPERVISOR_SECONDS ?? 600);

/** What sessions cost while they wait, and how soon each of them continues. */
export const supervisorBench: Bench = {
  name: 'supervisor',
  about:
    `processes, memory and CPU with 20 and 200 parked sessions (over ${SECONDS} s), ` +
    'time from a command, typed answers, the end of a limit and a crash until the session continues (p50, p99), ' +
    'from an event of a session that waits or works until its notification is sent',
  async run() {
    const values: Record<string, number> = {
      ...(await measureParked(20, SECONDS)),
      ...(await measureParked(200, SECONDS)),
      ...(await measureWakes()),
      ...(await measureNotifications()),
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
