import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readChanges } from '../../../../src/core/acts/reading/read-changes.act.ts';
import { prunePool } from '../../../../src/extensions/pool/membership/prune.act.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { sharedPostgres } from '../../../support/postgres-server.ts';
import {
  expectOneChain,
  heldOn,
  isAtWork,
  isDone,
  isElsewhere,
  lostOn,
  type Machine,
  poolOf,
  untilView,
} from './machines.ts';

// One session of a pool, from one test to the next: the first machine dies while it has it.

const DAY_MS = 24 * 60 * 60_000;

let pool: Awaited<ReturnType<typeof poolOf>>;
let one: Machine;
let other: Machine;
let session: string;

const server = sharedPostgres();
beforeAll(async () => {
  pool = await poolOf(2, heldOn('machine-1'), server);
  [one, other] = pool.machines;
  await other.die();
  session = await pool.start(one);
});
afterAll(async () => {
  await pool?.[Symbol.asyncDispose]();
});

/** What `samocode pool prune` does on a machine so many days from now. */
async function prune({ context }: Machine, days: number, dryRun = false) {
  const clock = { ...context.clock, now: () => context.clock.now() + days * DAY_MS };
  return await prunePool({ dryRun }, { ...context, clock });
}

test(
  'another machine continues the session of one that died, which finds its work aside when it comes back',
  ci,
  async () => {
    await untilView(one, isAtWork, 'work');
    await other.comeBack();
    await untilView(other, ({ state }) => state.workedOn?.[0] === one.name, 'what was published of that');
    await one.die();
    const done = await untilView(other, isDone, 'the session as done by the other machine');
    expect(done.state.workedOn).toEqual([one.name, other.name]);
    await one.comeBack();
    await expectOneChain(done, await untilView(one, isElsewhere, 'what was done meanwhile'));
    expect(await lostOn(one)).toHaveLength(1);
    expect((await one.views()).map(({ folder }) => folder)).toEqual([session]);
  },
);

test(
  'a session of another machine can be read without its clone, is finished there, and is archived everywhere',
  ci,
  async () => {
    await expect(finishSession({ session, how: 'merge', keep: [] }, one.context)).rejects.toMatchObject({
      code: 'elsewhere_in_pool',
    });
    await rename(other.repo.path, `${other.repo.path}.gone`);
    const changes = await readChanges({ session }, one.context);
    await rename(`${other.repo.path}.gone`, other.repo.path);
    expect(changes.commits.commits[0]).toMatchObject({ subject: 'Phase 3: When it is done' });
    await finishSession({ session, how: 'keep_branch', keep: [] }, other.context);
    await untilView(one, ({ state }) => state.archived, 'the session as archived on the first machine');
  },
);

test(
  'an archived session leaves pool and copies after 14 days, and its own machine keeps it',
  ci,
  async () => {
    // Their clocks are those of this machine, on which no days pass.
    await other.die();
    // Its last state arrives after the one that says so.
    const isWhole = async () => (await prune(one, 15, true)).pruned.length === 1;
    await eventually(isWhole, { what: 'the whole copy of what was published' });
    await one.die();
    expect((await prune(other, 13)).pruned).toEqual([]);
    expect((await prune(other, 15, true)).pruned).toEqual([{ session, what: 'session', ending: 'archived' }]);
    expect(await prune(other, 15)).toEqual({
      days: 14,
      pruned: [{ session, what: 'session', ending: 'archived' }],
      kept: [],
    });
    expect((await prune(one, 15)).pruned).toEqual([{ session, what: 'copy', ending: 'archived' }]);
    expect(await one.views()).toEqual([]);
    expect(await other.views()).toMatchObject([
      { folder: session, worker: 'none', state: { archived: true } },
    ]);
    await expect(finishSession({ session, how: 'merge', keep: [] }, one.context)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  },
);
