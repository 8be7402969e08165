import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { Claim } from '../../../../src/extensions/pool/board/board.ts';
import { PostgresBoard } from '../../../../src/extensions/pool/board/postgres-board.ts';
import { hostOf, LEASE_MS, PROJECT } from '../../../support/board-contract.ts';
import { ci } from '../../../support/ci.ts';
import { query, sharedPostgres } from '../../../support/postgres-server.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { boardAt, loginOf, poolDatabase, postgresBoards } from './postgres-boards.ts';

const server = sharedPostgres();

const [STATE, OTHER] = ['a'.repeat(40), 'b'.repeat(40)];
const SUMMARY = {
  status: 'running',
  phase: 'testing',
  iteration: 7,
  at: '2026-01-08T00:00:00.000Z',
  wanted: true,
};

test(
  'a machine that is removed while it is connected is refused by every call, and its sessions are claimed at once',
  ci,
  async () => {
    await using rig = await postgresBoards(server);
    const [a, b] = [await rig.join(), await rig.join()];
    await using administrator = boardAt(rig.database);
    const id = await rig.offer(a);
    const [mine] = (await a.claim(1)) as [Claim];
    await rig.away(b, 0);
    for (let third = 0; third < 4; third += 1) {
      b.clock.pass(LEASE_MS / 3);
      for (const { board, host } of [a, b]) await board.renew(host);
    }
    const woken = a.board.changed(600_000, new AbortController().signal);
    expect(await administrator.remove(a.host.id)).toEqual([mine.folder]);
    await woken;
    const calls = [
      () => a.board.renew(a.host),
      () => a.board.read(id),
      () => a.board.publish(mine, OTHER, SUMMARY),
      () => a.board.giveBack(mine, { wanted: true }),
      () => a.board.offer({ id: ulid(), project: PROJECT, folder: 'new', needs: [], state: STATE }),
      () => a.board.act(id, ulid(), 'approve'),
      () => a.board.settle([{ id: ulid(), session: id, command: '', person: '', machine: '' }]),
      () => a.board.forget([id]),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'pool_removed' });
    await b.board.renew(b.host);
    expect(await b.board.claim(b.host, 1)).toMatchObject([{ id, epoch: 2, from: a.host.id, state: STATE }]);
    expect(
      (await b.board.hosts(PROJECT)).map(({ id: login, isRemoved }) => [login, isRemoved]).sort(),
    ).toEqual(
      [
        [a.host.id, true],
        [b.host.id, false],
      ].sort(),
    );
    // Again, as after an interruption.
    expect(await administrator.remove(a.host.id)).toEqual([]);
    for (const login of ['never-seen', 'postgres'])
      await expect(administrator.remove(login)).rejects.toMatchObject({ code: 'pool_no_login' });
  },
);

test('a stolen role writes only what its machine could: no session, state or act of another', async () => {
  await using rig = await postgresBoards(server);
  const [a, thief] = [await rig.join(), await rig.join()];
  const { address } = await loginOf(rig.database);
  const id = await rig.offer(a);
  const [mine] = (await a.claim(1)) as [Claim];
  await a.board.act(id, ulid(), 'approve');
  const forged = [
    `update samocode_pool.sessions set state = '${OTHER}'`,
    `update samocode_pool.sessions set host = session_user, epoch = 9`,
    `insert into samocode_pool.acts (id, session, command, login) values ('1', '${id}', 'x', '${a.host.id}')`,
    `delete from samocode_pool.acts`,
    `update samocode_pool.machines set instance = 'mine'`,
    `delete from samocode_pool.sessions`,
    `drop function samocode_pool.me`,
    `alter table samocode_pool.sessions disable row level security`,
  ];
  for (const sql of forged)
    await expect(query(address, sql), sql).rejects.toThrow(/permission denied|must be owner/);
  expect(await query(address, 'select command from samocode_pool.acts')).toEqual([]);
  // Not even by an administrator who grants too much.
  await query(rig.database, 'grant all on all tables in schema samocode_pool to samocode_hosts');
  for (const sql of forged.slice(0, 4)) await query(address, sql).catch(() => undefined);
  for (const held of [mine, { ...mine, epoch: 2 }]) {
    expect(await thief.board.publish(held, OTHER, SUMMARY)).toBe(false);
    expect(await thief.board.giveBack(held, { wanted: true })).toBe(false);
  }
  expect(await thief.board.forget([id])).toEqual([]);
  const own = { id: ulid(), project: PROJECT, folder: 'x', needs: [], state: STATE };
  for (const forgery of [
    { state: '--output=/tmp/x' },
    { state: 'refs/heads/main' },
    { id: '../../heads/main' },
  ])
    await expect(thief.board.offer({ ...own, ...forgery })).rejects.toMatchObject({
      code: 'pool_database_failed',
    });
  const { acts } = await a.board.renew(a.host);
  await thief.board.settle(acts);
  expect((await a.board.renew(a.host)).acts).toMatchObject([{ command: 'approve', person: a.host.id }]);
  expect(await a.board.read(id)).toMatchObject({
    host: a.host.id,
    epoch: 1,
    state: STATE,
    author: a.host.id,
  });
});

test('a state of a claim that has ended is refused, also if the same machine has the session again', async () => {
  await using rig = await postgresBoards(server);
  const [a, b] = [await rig.join(), await rig.join()];
  const id = await rig.offer(a);
  const [first] = (await a.claim(1)) as [Claim];
  expect(await a.board.publish(first, OTHER, SUMMARY)).toBe(true);
  await a.board.giveBack(first, { wanted: true });
  const [second] = (await b.claim(1)) as [Claim];
  expect(await a.board.publish(first, STATE, SUMMARY)).toBe(false);
  await b.board.giveBack(second, { wanted: true });
  await a.claim(1);
  expect(await a.board.publish(first, STATE, SUMMARY)).toBe(false);
  expect(await a.board.read(id)).toMatchObject({ state: OTHER, host: a.host.id, epoch: 3 });
});

test.each([
  ['superuser', 'is a superuser'],
  ['bypassrls', 'has BYPASSRLS'],
  ['createrole', 'has CREATEROLE'],
])('a login that is %s is refused by name when it joins and when it renews', async (attribute, why) => {
  const database = await poolDatabase(server);
  const { login, address } = await loginOf(database);
  await query(database, `alter role "${login}" ${attribute}`);
  await using board = boardAt(address);
  const refusal = { code: 'pool_login_unfit', message: expect.stringContaining(`${why}`) };
  await expect(board.requireFit()).rejects.toMatchObject(refusal);
  await expect(board.renew({ ...hostOf(0, []), id: login })).rejects.toMatchObject(refusal);
});

test('the login that prepared the database, and one that may become it, are no machines', async () => {
  const database = await server.database();
  const owner = `owner_${ulid().toLowerCase()}`;
  await query(database, `create role ${owner} login`);
  await query(database, `grant create on database ${new URL(database).pathname.slice(1)} to ${owner}`);
  const own = database.replace('postgres@', `${owner}@`);
  await using alone = boardAt(own);
  // The role that machines share may be there from another database of the server.
  await alone.prepare().catch((error: { code: string }) => expect(error.code).toBe('pool_no_role'));
  const refusal = { code: 'pool_login_unfit', hint: expect.stringContaining('create role') };
  await expect(alone.requireFit()).rejects.toMatchObject(refusal);
  await query(database, 'create role samocode_hosts').catch(() => undefined);
  await using again = boardAt(own);
  await again.prepare();
  const { login, address } = await loginOf(database);
  await query(database, `grant ${owner} to "${login}"`);
  await using member = boardAt(address);
  await expect(member.requireFit()).rejects.toMatchObject(refusal);
});

test('of two machines with one login the second is refused by the name of the first, until that was silent for a lease', async () => {
  await using rig = await postgresBoards(server);
  const a = await rig.join();
  const { login } = { login: a.host.id };
  const address = rig.database.replace('postgres@', `${login}@`);
  await using twin = boardAt(address, { instance: 'another boot' });
  const host = { ...a.host, name: 'twin' };
  const id = await rig.offer(a);
  const [mine] = (await a.claim(1)) as [Claim];
  const refusal = {
    code: 'pool_login_shared',
    message: expect.stringContaining(`${a.host.name} uses that login`),
  };
  await expect(twin.requireFit()).rejects.toMatchObject(refusal);
  await expect(twin.renew(host)).rejects.toMatchObject(refusal);
  await expect(twin.publish(mine, OTHER, SUMMARY)).rejects.toMatchObject(refusal);
  await using restarted = boardAt(address);
  expect((await restarted.renew(a.host)).held).toEqual(new Map([[id, 1]]));
  await rig.pass(LEASE_MS + 1);
  expect((await twin.renew(host)).held).toEqual(new Map([[id, 1]]));
  const late = { code: 'pool_login_shared', message: expect.stringContaining('twin uses that login') };
  await expect(a.board.renew(a.host)).rejects.toMatchObject(late);
  await expect(a.board.publish(mine, OTHER, SUMMARY)).rejects.toMatchObject(late);
});

test('a schema of an earlier version is replaced, and only an administrator does that', async () => {
  const database = await server.database();
  await query(database, 'create schema samocode_pool');
  await query(database, 'create table samocode_pool.schema (version int not null)');
  await query(database, 'insert into samocode_pool.schema values (2)');
  await query(database, 'create table samocode_pool.hosts (id text)');
  await using board = boardAt(database);
  await expect(board.renew(hostOf(0, []))).rejects.toThrow('has version 2');
  await board.prepare();
  const { address, login } = await loginOf(database);
  await using machine = boardAt(address);
  await machine.renew({ ...hostOf(0, []), id: login });
  expect(await query(database, `select to_regclass('samocode_pool.hosts') as found`)).toEqual([
    { found: null },
  ]);
  await using other = boardAt(address);
  await expect(other.prepare()).rejects.toMatchObject({ code: 'pool_database_refused' });
});

test('an idle machine wakes when the lease of a dead one ends, not at its next renewal', async () => {
  const admin = await poolDatabase(server);
  const logins = [await loginOf(admin), await loginOf(admin)] as const;
  const times = { clock: systemClock, leaseMs: 4000, limitMs: 20_000, instance: 'one boot' };
  await using a = new PostgresBoard({ database: logins[0].address, ...times });
  await using b = new PostgresBoard({ database: logins[1].address, ...times });
  await a.offer({ id: ulid(), project: PROJECT, folder: 'hull', needs: [], state: STATE });
  const [one, two] = [
    { ...hostOf(0, []), id: logins[0].login },
    { ...hostOf(1, []), id: logins[1].login },
  ];
  await a.renew(one);
  await b.renew(two);
  await a.claim(one, 1);
  const begun = systemClock.monotonic();
  const signal = new AbortController().signal;
  let claims: Claim[] = [];
  for (; claims.length === 0; claims = await b.claim(two, 1)) {
    // Far longer than the lease.
    if ((await b.renew(two)).entries[0]?.host === one.id) await b.changed(600_000, signal);
  }
  expect(claims).toMatchObject([{ from: one.id, epoch: 2 }]);
  expect(systemClock.monotonic() - begun).toBeLessThan(300_000);
});

test('a renewal that finds nothing changed sends no session, and one after a deletion sends those that are left', async () => {
  await using rig = await postgresBoards(server);
  const [a, b] = [await rig.join(), await rig.join()];
  const [kept, gone] = [await rig.offer(a), await rig.offer(a)];
  await b.board.renew(b.host);
  await a.board.renew(a.host);
  expect(await a.board.forget([gone])).toEqual([gone]);
  expect((await b.board.renew(b.host)).entries.map(({ id }) => id)).toEqual([kept]);
  const own = `select pg_current_xact_id()::text::bigint - max(changed)::text::bigint as since from samocode_pool.sessions`;
  const [before] = await query<{ since: string }>(rig.database, own);
  await a.board.claim(a.host, 1);
  for (const _ of [1, 2, 3]) await a.board.renew(a.host);
  const [after] = await query<{ since: string }>(rig.database, own);
  expect(Number(before?.since)).toBeGreaterThan(0);
  // Three renewals of its lease have not marked the session as changed.
  expect(Number(after?.since)).toBeGreaterThanOrEqual(3);
});

test('a read-only server is an error that says so, and so is one with a full disk', async () => {
  const database = await poolDatabase(server);
  const { address } = await loginOf(database);
  await using board = boardAt(address);
  await query(
    database,
    "create or replace function samocode_pool.me(instance text) returns name language plpgsql as $$ begin raise exception using errcode = '53100'; end $$",
  );
  await expect(board.act(ulid(), ulid(), 'approve')).rejects.toThrow('The disk of its server is full');
  const name = new URL(database).pathname.slice(1);
  await query(database, `alter database ${name} set default_transaction_read_only = on`);
  await using late = boardAt(address);
  await expect(late.renew(hostOf(0, []))).rejects.toThrow('It is read-only');
});

test('an address without a password gets it from the file of passwords', async () => {
  const database = await poolDatabase(server);
  await query(database, `create role secretive login password 'it''s: long' in role samocode_hosts`);
  const [hba] = await query<{ hba_file: string }>(database, 'show hba_file');
  const rules = await readFile(hba?.hba_file ?? '', 'utf8');
  await writeFile(hba?.hba_file ?? '', `host all secretive 127.0.0.1/32 scram-sha-256\n${rules}`);
  await query(database, 'select pg_reload_conf()');
  const address = database.replace('postgres@', 'secretive@');
  await using dir = await tempDir();
  const passFile = join(dir.path, 'pgpass');
  await writeFile(passFile, "127.0.0.1:*:*:secretive:it's\\: long\n", { mode: 0o600 });
  vi.stubEnv('PGPASSFILE', passFile);
  try {
    await using board = boardAt(address);
    await board.renew(hostOf(0, []));
    expect(await board.hosts(PROJECT)).toMatchObject([{ id: 'secretive' }]);
    await writeFile(passFile, '');
    await using without = boardAt(address);
    await expect(without.renew(hostOf(0, []))).rejects.toThrow('did not respond');
  } finally {
    vi.unstubAllEnvs();
  }
});
