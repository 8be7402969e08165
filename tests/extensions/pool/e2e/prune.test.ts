import { expect, test } from 'vitest';
import { prunePool } from '../../../../src/extensions/pool/membership/prune.act.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { isDone, type Machine, poolOf, untilView, WORK } from './machines.ts';

const DAY_MS = 24 * 60 * 60_000;

/** What `samocode pool prune` does on a machine so many days from now. */
async function prune({ context }: Machine, days: number, dryRun = false) {
  const clock = { ...context.clock, now: () => context.clock.now() + days * DAY_MS };
  return await prunePool({ dryRun }, { ...context, clock });
}

test('an archived session leaves pool and copies after 14 days, and its own machine keeps it', async () => {
  await using pool = await poolOf(2, WORK);
  const [one, other] = pool.machines;
  await pool.startOn(one);
  const [here, there] = await Promise.all([
    untilView(one, isDone, 'the session as done on the first machine'),
    untilView(other, isDone, 'the session as done on the second'),
  ]);
  const [holder, away, { folder: session }] =
    here.worker === 'unknowable' ? [other, one, here] : [one, other, there];
  await finishSession({ session, how: 'keep_branch', keep: [] }, holder.context);
  await untilView(away, ({ state }) => state.archived, 'the session as archived on the other machine');
  // Their clocks are those of this machine, on which no days pass.
  for (const machine of pool.machines) await machine.die();
  expect((await prune(holder, 13)).pruned).toEqual([]);
  expect((await prune(holder, 15, true)).pruned).toEqual([{ session, what: 'session', ending: 'archived' }]);
  expect(await prune(holder, 15)).toEqual({
    days: 14,
    pruned: [{ session, what: 'session', ending: 'archived' }],
    kept: [],
  });
  expect((await prune(away, 15)).pruned).toEqual([{ session, what: 'copy', ending: 'archived' }]);
  expect(await away.views()).toEqual([]);
  expect(await holder.views()).toMatchObject([
    { folder: session, worker: 'none', state: { archived: true } },
  ]);
  await expect(finishSession({ session, how: 'merge', keep: [] }, away.context)).rejects.toMatchObject({
    code: 'session_not_found',
  });
});
