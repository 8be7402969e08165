import { expect, test } from 'vitest';
import { randomFrom } from '../../../core/faults/chaos/random.ts';
import { poolMachines } from '../../../support/machines/pool-machines.ts';
import {
  type Failure,
  fail,
  nextAgent,
  recover,
  startWork,
  violationsOf,
} from '../../../support/machines/takeover.ts';
import { poolRounds } from '../../../support/pool-rounds.ts';
import { startPostgres } from '../../../support/postgres-server.ts';
import { postgresBoards } from '../postgres/postgres-boards.ts';
import { makeRemotes } from '../processes/remotes.ts';

const PLAN = { rounds: 1000, seed: 2 };

test('1,000 rounds of claims, silence and death leave one chain of each session', async () => {
  await using server = await startPostgres();
  await using rig = await postgresBoards(server);
  await using remotes = await makeRemotes();
  const told = await poolRounds(rig, remotes, PLAN);
  expect(told.refused).toBeGreaterThan(5);
});

const FAILURES: readonly Failure[] = ['killed', 'cut', 'frozen', 'restarted'];
const TIMES = { leaseMs: 2000, renewMs: 500, graceMs: 500, scanMs: 300 };
const ROUNDS = process.env.SAMOCODE_SOAK === 'short' ? 2 : 50;

test(`${ROUNDS} rounds in which a machine dies, is cut off or hangs, or the database restarts, leave one chain of each session and never two agents`, async () => {
  await using pool = await poolMachines({ times: TIMES });
  const random = randomFrom(ROUNDS);
  const found: string[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const failure = random.oneOf(FAILURES) ?? 'killed';
    // It also comes back before another machine could have taken the session.
    const isBrief = failure === 'restarted' || random.between(1, 3) === 1;
    const work = await startWork(pool, `round-${round}`, random.between(1, 2) === 1);
    await fail(pool, work.first, failure);
    if (!isBrief) await nextAgent(work);
    await recover(work.first, failure);
    const violations = await violationsOf(work, []);
    found.push(...violations.map((text) => `round ${round}, ${failure}: ${text}`));
  }
  expect(found).toEqual([]);
});
