import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { Claim } from '../../../../src/extensions/pool/board/board.ts';
import { PostgresBoard } from '../../../../src/extensions/pool/board/postgres-board.ts';
import { MIGRATIONS } from '../../../../src/extensions/pool/board/postgres-schema.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { hostOf, LEASE_MS, PROJECT } from '../../../support/board-contract.ts';
import { ci } from '../../../support/ci.ts';
import { freePort } from '../../../support/free-port.ts';
import { query, sharedPostgres } from '../../../support/postgres-server.ts';
import { makeProject } from '../../../support/project.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { boardAt, postgresBoards } from './postgres-boards.ts';

const server = sharedPostgres();

const SUMMARY = {
  status: 'running',
  phase: 'testing',
  iteration: 7,
  at: '2026-01-08T00:00:00.000Z',
  wanted: true,
};
const REMOVED = 'An owner of the pool has removed it';

test(
  'a removed machine is refused by every statement, and its sessions are claimed at once',
  ci,
  async () => {
    await using rig = await postgresBoards(server);
    const [a, b] = [await rig.join(), await rig.join()];
    const login = `machine ${ulid()}`;
    await query(rig.database, `create role "${login}" login in role samocode_hosts`);
    const address = rig.database.replace('postgres@', `${encodeURIComponent(login)}@`);
    await using board = boardAt(address);
    const id = await rig.offer(a);
    await board.renew(a.host);
    const [mine] = (await board.claim(a.host, 1)) as [Claim];
    await b.board.renew(b.host);
    expect(await b.board.remove(a.host.id)).toBe(login);
    expect(await b.board.hosts(PROJECT)).toMatchObject([
      { id: a.host.id, isRemoved: true, isLive: true, login },
      { id: b.host.id, isRemoved: false, isLive: true, login: 'postgres' },
    ]);
    const given = { wanted: true, state: 'a'.repeat(40) };
    const calls = [
      () => board.renew(a.host),
      () => board.claim(a.host, 1),
      () => board.raise(mine, 9),
      () => board.index(mine, 'a'.repeat(40), SUMMARY),
      () => board.giveBack(mine, given),
      () => board.offer({ id: ulid(), project: PROJECT, folder: 'new', needs: [] }),
      () => board.act(id, ulid(), 'approve'),
      () => board.settle([{ id: ulid(), session: id, command: '', person: '', machine: '' }]),
      () => board.forget([id]),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(REMOVED);
    // Its password still lets it keep a lease, but not clear the mark.
    await query(address, `update samocode_pool.sessions set until = now() + interval '1 year'`);
    for (const change of ['set removed = false', `set person = 'boss'`, 'set seen = now()'])
      await expect(query(address, `update samocode_pool.hosts ${change}`)).rejects.toThrow(
        'permission denied',
      );
    await b.board.renew(b.host);
    expect(await b.board.claim(b.host, 1)).toMatchObject([{ id, epoch: 2, from: a.host.id }]);
    expect(await b.board.remove('never seen')).toBeUndefined();
    await expect(board.renew({ ...a.host, id: 'never seen' })).rejects.toThrow(REMOVED);
  },
);

test('a second boot waits until the first one was silent for a lease; a restart of the supervisor does not', async () => {
  await using rig = await postgresBoards(server);
  const a = await rig.join();
  await using later = boardAt(rig.database);
  const rebooted = { ...a.host, instanceId: 'another boot' };
  const id = await rig.offer(a);
  await a.board.renew(a.host);
  await a.board.claim(a.host, 1);
  await later.renew(a.host);
  await expect(later.renew(rebooted)).rejects.toThrow('could not take part in the pool as machine 0.');
  await rig.pass(LEASE_MS + 1);
  expect((await later.renew(rebooted)).held).toEqual(new Map([[id, 1]]));
  await expect(a.board.renew(a.host)).rejects.toThrow('could not take part in the pool as');
});

test('an idle machine wakes when the lease of a dead one ends, not at its next renewal', async () => {
  const database = await server.database();
  const board = () => new PostgresBoard({ database, clock: systemClock, leaseMs: 4000, limitMs: 20_000 });
  await using a = board();
  await using b = board();
  await a.prepare();
  await a.offer({ id: ulid(), project: PROJECT, folder: 'hull', needs: [] });
  const [one, two] = [hostOf(0, []), hostOf(1, [])];
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
  await b.board.act(gone, ulid(), 'approve');
  await a.board.renew(a.host);
  await a.board.forget([gone]);
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

test('a schema of the first version is brought up to date with what is in it', async () => {
  const database = await server.database();
  const [first = ''] = MIGRATIONS;
  await query(
    database,
    `create schema samocode_pool; create table samocode_pool.schema (version int not null)`,
  );
  await query(database, `insert into samocode_pool.schema values (1)`);
  await query(database, first);
  await query(
    database,
    `insert into samocode_pool.hosts (id, name, project, labels) values ('h0', 'old', '${PROJECT}', '{}')`,
  );
  const session = ulid();
  const values = `('${session}', '${PROJECT}', 'old', '{}', 'h0', 3, now() + interval '1 min')`;
  await query(
    database,
    `insert into samocode_pool.sessions (id, project, folder, needs, host, epoch, until) values ${values}`,
  );
  const acts = `('1', '${session}', 'answer', now()), ('2', '${session}', 'approve', null)`;
  await query(database, `insert into samocode_pool.acts (id, session, command, settled_at) values ${acts}`);
  await using board = boardAt(database);
  await expect(board.renew(hostOf(0, []))).rejects.toThrow('has version 1');
  await board.prepare();
  const { held, acts: open } = await board.renew(hostOf(0, []));
  expect(held).toEqual(new Map([[session, 3]]));
  expect(open).toMatchObject([{ id: '2', command: 'approve' }]);
});

test('a read-only server is an error that says so, and so is one with a full disk', async () => {
  const database = await server.database();
  await using board = boardAt(database);
  await board.prepare();
  await query(
    database,
    "create or replace function samocode_pool.may(host text) returns boolean language plpgsql as $$ begin raise exception using errcode = '53100'; end $$",
  );
  await expect(board.act(ulid(), ulid(), 'approve')).rejects.toThrow('The disk of its server is full');
  const name = new URL(database).pathname.slice(1);
  await query(database, `alter database ${name} set default_transaction_read_only = on`);
  await using late = boardAt(database);
  await expect(late.renew(hostOf(0, []))).rejects.toThrow('It is read-only');
});

test('an address without a password gets it from the file of passwords', async () => {
  const database = await server.database();
  await boardAt(database).prepare();
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
    expect(await board.hosts(PROJECT)).toMatchObject([{ login: 'secretive' }]);
    await writeFile(passFile, '');
    await using without = boardAt(address);
    await expect(without.renew(hostOf(0, []))).rejects.toThrow('did not respond');
  } finally {
    vi.unstubAllEnvs();
  }
});

test('a removal that did not reach the database is completed by the same command', async () => {
  await using rig = await postgresBoards(server);
  const { repo } = await makeProject();
  await using _ = repo;
  const remote = join(repo.root, 'remote.git');
  await repo.git(['init', '--quiet', '--bare', remote], repo.root);
  const machine = async (name: string) => {
    const home = join(repo.root, name);
    await mkdir(join(home, '.config'), { recursive: true });
    await typed(['trust', '--yes'], { cwd: repo.path, home });
    const env = { SAMOCODE_SUPERVISOR: 'off' };
    const run = (...argv: string[]) => typed(['pool', ...argv], { cwd: repo.path, home, env });
    return { home, run };
  };
  const [studio, mini] = [await machine('studio'), await machine('mini')];
  const asked = ['join', '--remote', remote, '--database', rig.database, '--json'];
  const { fingerprint } = JSON.parse((await studio.run(...asked, '--name', 'studio', '--create')).stdout);
  const card = JSON.parse((await mini.run(...asked, '--name', 'mini', '--owner', fingerprint)).stdout);
  await studio.run('add', card.fingerprint);
  const path = join(studio.home, '.config/samocode/pool.json');
  const file = await readFile(path, 'utf8');
  await writeFile(path, file.replace(rig.database, `postgres://127.0.0.1:${await freePort()}/x`));
  const half = await studio.run('remove', 'mini');
  expect(half.stderr).toContain('removed from the list of members, but not from the database');
  await writeFile(path, file);
  expect((await studio.run('remove', 'mini')).stdout).toContain('mini is removed');
  const rows = await query(rig.database, 'select id from samocode_pool.hosts where removed');
  expect(rows).toEqual([{ id: card.id }]);
});
