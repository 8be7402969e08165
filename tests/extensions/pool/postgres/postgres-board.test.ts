import pg from 'pg';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { boardContract, claimsContract, hostOf, LEASE_MS, PROJECT } from '../../../support/board-contract.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { poolRounds } from '../../../support/pool-rounds.ts';
import { query, sharedPostgres } from '../../../support/postgres-server.ts';
import { makeRemotes } from '../processes/remotes.ts';
import { startPgBouncer } from './pgbouncer.ts';
import { boardAt, loginOf, poolDatabase, postgresBoards } from './postgres-boards.ts';

const server = sharedPostgres();

boardContract(() => postgresBoards(server));
claimsContract(() => postgresBoards(server), { hosts: 20, sessions: 100 });

test('through a pooler in session mode a pool works, and in transaction mode it is refused by name', async () => {
  const database = await poolDatabase(server);
  const [one, two] = [await loginOf(database), await loginOf(database)];
  const logins = [one.login, two.login];
  await using transaction = await startPgBouncer(database, 'transaction', logins);
  await using lent = boardAt(transaction.database);
  await expect(lent.prepare()).rejects.toMatchObject({ code: 'pool_database_pooled' });
  await using session = await startPgBouncer(database, 'session', logins);
  const host = hostOf(1, ['claude']);
  const as = (login: string) => boardAt(session.database.replace('postgres@', `${login}@`));
  await using kept = as(one.login);
  await using woken = as(two.login);
  expect(await woken.requireFit()).toBe(two.login);
  await woken.renew(host);
  await kept.offer({ id: ulid(), project: PROJECT, folder: 'x', needs: [], state: 'a'.repeat(40) });
  const stop = new AbortController();
  await woken.changed(60_000, stop.signal);
  expect((await woken.renew(host)).entries).toMatchObject([{ folder: 'x' }]);
});

test('after a crash of the database everybody goes on, and nobody is taken for silent', async () => {
  await using rig = await postgresBoards(server);
  const [a, b] = [await rig.join(), await rig.join()];
  const id = await rig.offer(a);
  await a.board.renew(a.host);
  expect(await a.board.claim(a.host, 1)).toHaveLength(1);
  await b.board.renew(b.host);
  await rig.pass(2 * LEASE_MS);
  await server.restart();
  await eventually(async () => (await b.board.renew(b.host)) !== undefined);
  expect(await b.board.claim(b.host, 1)).toEqual([]);
  const { held } = await eventually(() => a.board.renew(a.host));
  expect(held).toEqual(new Map([[id, 1]]));
});

test('a host sleeps until something is to be claimed or an act has come, and through what others publish', async () => {
  await using rig = await postgresBoards(server);
  const [a, b] = [await rig.join(), await rig.join()];
  const stop = new AbortController();
  // A clock whose sleep ends only with the signal.
  b.clock.sleep = (_, signal) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  await b.board.renew(b.host);
  const session = await rig.offer(a);
  await b.board.changed(15_000, stop.signal);
  await a.board.renew(a.host);
  const [claimed] = await a.board.claim(a.host, 1);
  await b.board.renew(b.host);
  let woken = false;
  const asleep = b.board.changed(15_000, stop.signal).then(() => {
    woken = true;
  });
  await rig.publish(a, { id: session, epoch: 1 }, true);
  await b.board.act(session, ulid(), 'approve');
  await a.board.changed(15_000, stop.signal);
  const { acts } = await a.board.renew(a.host);
  await a.board.settle(acts);
  expect(woken).toBe(false);
  expect(claimed).toMatchObject({ id: session });
  await a.board.giveBack({ id: session, epoch: 1 }, { wanted: true });
  await asleep;
});

test('a session is not given back past an act that is just being written', async () => {
  await using rig = await postgresBoards(server);
  const a = await rig.join();
  const session = await rig.offer(a);
  await a.board.renew(a.host);
  await a.board.claim(a.host, 1);
  const { address } = await loginOf(rig.database);
  const person = new pg.Client({ connectionString: address });
  await person.connect();
  await person.query('begin');
  await person.query('select samocode_pool.act($1, $2, $3, $4)', ['a boot', ulid(), session, 'answer']);
  const given = a.board.giveBack({ id: session, epoch: 1 }, { wanted: false });
  const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = $1`;
  await eventually(async () => (await query(rig.database, waiting, [a.host.name])).length === 1);
  await person.query('commit');
  await person.end();
  expect(await given).toBe(false);
});

test(
  'a schema that is missing or of another version is refused, and preparing it twice changes nothing',
  ci,
  async () => {
    const database = await server.database();
    const host = hostOf(0, []);
    await using board = boardAt(database);
    await expect(board.renew(host)).rejects.toThrow('has no schema samocode_pool');
    await expect(board.requireFit()).rejects.toThrow('has no schema samocode_pool');
    await Promise.all([board.prepare(), boardAt(database).prepare()]);
    await using machine = boardAt((await loginOf(database)).address);
    await machine.offer({ id: ulid(), project: PROJECT, folder: 'kept', needs: [], state: 'a'.repeat(40) });
    await board.prepare();
    expect((await machine.renew(host)).entries).toMatchObject([{ folder: 'kept' }]);
    await query(database, 'update samocode_pool.schema set version = 99');
    await expect(board.prepare()).rejects.toThrow('Update samocode');
    await using late = boardAt(database);
    await expect(late.renew(host)).rejects.toThrow('has version 99');
  },
);

test('a database that is not there is an error that says so, for every call', async () => {
  await using board = boardAt('postgres://postgres@127.0.0.1:1/none');
  await expect(board.act(ulid(), ulid(), 'approve')).rejects.toThrow('did not respond');
  await expect(board.prepare()).rejects.toThrow('did not respond');
});

test('60 rounds of claims, silence and death leave one chain of each session', async () => {
  await using rig = await postgresBoards(server);
  await using remotes = await makeRemotes();
  const { published } = await poolRounds(rig, remotes, { rounds: 60, seed: 1 });
  expect(published).toBeGreaterThan(5);
});
