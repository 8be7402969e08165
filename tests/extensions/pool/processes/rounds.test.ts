import { expect, test } from 'vitest';
import { poolRounds } from '../../../support/pool-rounds.ts';
import { remoteBoards } from './remote-boards.ts';

test('60 rounds of takes, silence and death on the remote alone leave one chain of each session', async () => {
  await using rig = await remoteBoards();
  const { published } = await poolRounds(rig, rig.remotes, { rounds: 60, seed: 3 });
  expect(published).toBeGreaterThan(5);
});
