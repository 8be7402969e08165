import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { leaveCommand, pendingCommandIds } from '../../../../src/core/session/commands/commands.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import type { Claim } from '../../../../src/extensions/pool/board/board.ts';
import { whyLost } from '../../../../src/extensions/pool/membership/member.ts';
import { POOL_TIMES } from '../../../../src/extensions/pool/membership/member-parts.ts';
import { CommandOutbox } from '../../../../src/extensions/pool/membership/remote-commands.ts';
import { CREATED, writeEvents } from '../../../core/unit/session/events.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { hostOf, PROJECT } from '../../../support/board-contract.ts';
import { eventually } from '../../../support/eventually.ts';
import { startPostgres } from '../../../support/postgres-server.ts';
import { proxyTo } from '../../../support/tcp-proxy.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { boardAt, loginOf } from './postgres-boards.ts';

const [BEFORE, AFTER] = ['a'.repeat(40), 'b'.repeat(40)];
const SUMMARY = { status: 'running', phase: 'testing', iteration: 7, at: '2026-01-08T00:00:00.000Z' };

/** Two machines with one address, which leads to the primary and later to the promoted standby. */
async function replicatedPool() {
  const primary = await startPostgres();
  const database = await primary.database();
  await boardAt(database).prepare();
  const standby = await primary.standby();
  const address = await proxyTo(primary.port);
  const at = database.replace(`:${primary.port}/`, `:${address.port}/`);
  const logins = [await loginOf(at), await loginOf(at)] as const;
  const [a, b] = [boardAt(logins[0].address), boardAt(logins[1].address)];
  const [A, B] = [
    { ...hostOf(0, ['claude']), id: logins[0].login },
    { ...hostOf(1, ['claude']), id: logins[1].login },
  ];
  return {
    ...{ a, b, A, B, standby, at },
    async offer(folder: string) {
      const id = ulid();
      await a.offer({ id, project: PROJECT, folder, needs: [], state: BEFORE });
      return id;
    },
    async failOver() {
      await standby.promote();
      address.leadTo(standby.port);
      await eventually(async () => (await a.renew(A)) !== undefined);
      await eventually(async () => (await b.renew(B)) !== undefined);
    },
    async [Symbol.asyncDispose]() {
      for (const each of [a, b, address, standby, primary]) await each[Symbol.asyncDispose]();
    },
  };
}

test('after a failover that lost a claim, a state, an act, an answer and an offer, each is there again once', async () => {
  await using pool = await replicatedPool();
  const { a, b, A, B } = pool;
  const held = await pool.offer('held');
  const answered = { id: ulid(), session: held, command: 'approve' };
  await a.renew(A);
  const [mine] = (await a.claim(A, 1)) as [Claim];
  await b.act(held, answered.id, answered.command);
  const lost = await pool.offer('lost');
  await pool.standby.cutOff();

  const [claimed] = (await a.claim(A, 1)) as [Claim];
  expect(claimed).toMatchObject({ id: lost, epoch: 1 });
  expect(await a.publish(mine, AFTER, { ...SUMMARY, wanted: true })).toBe(true);
  const { acts } = await a.renew(A);
  await a.settle(acts);
  const late = ulid();
  await b.act(held, late, 'stop');
  const unknown = await pool.offer('unknown');
  await pool.failOver();

  const { held: left, acts: again, entries } = await a.renew(A);
  expect(left).toEqual(new Map([[held, 1]]));
  const entryOf = (id: string) => entries.find((entry) => entry.id === id);
  expect(whyLost(claimed.epoch, entryOf(lost))).toContain('the database lost its last changes');
  const [other] = (await b.claim(B, 1)) as [Claim];
  expect(other).toMatchObject({ id: lost, epoch: 1 });
  expect((await b.renew(B)).held).toEqual(new Map([[lost, 1]]));
  expect(await a.publish(claimed, AFTER, { ...SUMMARY, wanted: true })).toBe(false);

  expect(again).toMatchObject([answered]);
  await a.settle(again);
  for (const _ of ['once', 'and once more']) await b.act(held, late, 'stop');
  expect((await a.renew(A)).acts).toMatchObject([{ id: late, command: 'stop' }]);

  expect(entryOf(held)).toMatchObject({ state: BEFORE });
  expect(await a.publish(mine, AFTER, { ...SUMMARY, wanted: true })).toBe(true);
  await a.offer({ id: unknown, project: PROJECT, folder: 'unknown', needs: [], state: BEFORE });
  expect((await b.renew(B)).entries.map(({ folder, state }) => [folder, state]).sort()).toEqual([
    ['held', AFTER],
    ['lost', BEFORE],
    ['unknown', BEFORE],
  ]);
});

test('a command that a failover lost is sent again, and waits here until the copied log answers it', async () => {
  await using pool = await replicatedPool();
  await using dir = await tempDir();
  const session = await pool.offer('held');
  const { A } = pool;
  await pool.a.renew(A);
  await pool.a.claim(A, 1);
  const paths = sessionPaths(dir.path, 'held');
  const clock = new HandClock();
  const sent = new CommandOutbox({ board: pool.b, clock, times: POOL_TIMES });
  const by = { channel: 'cli' } as const;
  const stop = { v: 1, kind: 'stop', id: ulid(), by, at: SUMMARY.at, when: 'now' } as const;
  await leaveCommand(paths, stop);
  await pool.standby.cutOff();
  await sent.forward(paths, session);
  expect((await pool.a.renew(A)).acts).toMatchObject([{ id: stop.id }]);
  await pool.failOver();

  await sent.forward(paths, session);
  expect((await pool.a.renew(A)).acts).toEqual([]);
  clock.pass(POOL_TIMES.leaseMs);
  await sent.forward(paths, session);
  const { acts } = await pool.a.renew(A);
  expect(acts).toMatchObject([{ id: stop.id, session }]);
  await sent.settle(paths);
  expect(pendingCommandIds(paths)).toEqual([stop.id]);
  await writeEvents(paths, [
    CREATED,
    { type: 'command_accepted', id: stop.id, kind: 'stop', by, request: '' },
  ]);
  await sent.settle(paths);
  expect(pendingCommandIds(paths)).toEqual([]);
});

test('after a failover a machine that gave a session back has it again, and one that was removed stays out', async () => {
  await using pool = await replicatedPool();
  const { a, b, A, B, at } = pool;
  const id = await pool.offer('given');
  await a.renew(A);
  await b.renew(B);
  const [mine] = (await a.claim(A, 1)) as [Claim];
  await using administrator = boardAt(at);
  await pool.standby.cutOff();
  expect(await a.giveBack(mine, { wanted: true })).toBe(true);
  await administrator.remove(B.id);
  await expect(b.renew(B)).rejects.toMatchObject({ code: 'pool_removed' });
  await pool.failOver();
  expect((await a.renew(A)).held).toEqual(new Map([[id, 1]]));
  expect(await a.giveBack(mine, { wanted: true })).toBe(true);
  // The server forgot it, so the administrator says it again.
  await administrator.remove(B.id);
  await expect(b.renew(B)).rejects.toMatchObject({ code: 'pool_removed' });
});
