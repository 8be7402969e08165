import type { Bench, BenchResult, Goal } from './bench.ts';
import { measurePostgres } from './pool/postgres.ts';

/** What it costs to know who works on which session. */
export const poolBench: Bench = {
  name: 'pool',
  title: 'A pool of machines',
  about:
    '1,000 sessions and 100 hosts on PostgreSQL, with a login and a connection each but all in one process beside the server',
  runsOnce: true,
  means: {
    oneAtOnceMsP50: 'ms for a claim when 100 hosts claim a session each at the same moment: half are sooner',
    oneAtOnceMsP99: 'ms: 99 of 100 are',
    sevenAtOnceMsP99: 'ms when each of them claims seven: 99 of 100 are sooner',
    claimMsP50:
      'ms for a claim of ten sessions when the rounds of the hosts are spread over 5 s: half are sooner',
    claimMsP99: 'ms: 99 of 100 are',
    renewMsP50: 'ms for a renewal, which also shows all sessions: half are sooner',
    renewMsP99: 'ms: 99 of 100 are',
    publishMsP99: 'ms to show a published state in lists, 1,000 in 5 s: 99 of 100 are sooner',
    statementsIdle: 'statements of a host with free slots and nothing to do, in each round of 15 s',
    takenOver: 'sessions that other hosts take when a third of the hosts is dead',
    takeoverMs: 'ms from the end of the leases until they have them',
  },
  async run() {
    return { values: await measurePostgres(), goals: GOALS } satisfies BenchResult;
  },
};

const GOALS: readonly Goal[] = [
  { value: 'oneAtOnceMsP99', atMost: 50 },
  { value: 'claimMsP99', atMost: 50 },
  { value: 'statementsIdle', atMost: 1 },
];
