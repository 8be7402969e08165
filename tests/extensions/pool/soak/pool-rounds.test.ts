import { expect, test } from 'vitest';
import { poolRounds } from '../../../support/pool-rounds.ts';
import { startPostgres } from '../../../support/postgres-server.ts';
import { postgresBoards } from '../postgres/postgres-boards.ts';
import { remoteBoards } from '../processes/remote-boards.ts';
import { makeRemotes } from '../processes/remotes.ts';

const PLAN = { rounds: 1000, seed: 2 };

test('1,000 rounds of takes, silence and death on the remote alone leave one chain of each session', async () => {
  await using rig = await remoteBoards();
  const told = await poolRounds(rig, rig.remotes, PLAN);
  expect(told.refused).toBeGreaterThan(5);
});

test('1,000 rounds with PostgreSQL do the same', async () => {
  await using server = await startPostgres();
  await using rig = await postgresBoards(server);
  await using remotes = await makeRemotes();
  const told = await poolRounds(rig, remotes, PLAN);
  expect(told.refused).toBeGreaterThan(5);
});
