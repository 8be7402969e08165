import { ulid } from 'ulid';
import { PostgresBoard } from '../../../../src/extensions/pool/board/postgres-board.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { type BoardRig, hostOf, LEASE_MS, type Member, PROJECT } from '../../../support/board-contract.ts';
import { eventually } from '../../../support/eventually.ts';
import { type PostgresServer, query } from '../../../support/postgres-server.ts';

const SUMMARY = { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' };

export function boardAt(
  database: string,
  { clock = new HandClock(), instance = 'one boot' }: { clock?: HandClock; instance?: string } = {},
): PostgresBoard {
  return new PostgresBoard({ database, instance, clock, leaseMs: LEASE_MS, limitMs: 20_000 });
}

/** A database that an administrator has prepared for a pool. */
export async function poolDatabase(server: Pick<PostgresServer, 'database'>): Promise<string> {
  const database = await server.database();
  await boardAt(database).prepare();
  return database;
}

/** Gives a machine a login of its own. @param database the address of the administrator @returns the machine's */
export async function loginOf(
  database: string,
  login = `m${ulid().toLowerCase()}`,
): Promise<{ login: string; address: string }> {
  await query(database, `create role "${login}" login in role samocode_hosts`);
  return { login, address: database.replace('postgres@', `${encodeURIComponent(login)}@`) };
}

/** What the database's clock decides passes by moving what it is compared with. */
export async function postgresBoards(
  server: Pick<PostgresServer, 'database'>,
): Promise<BoardRig & { database: string }> {
  const database = await poolDatabase(server);
  const members: Member[] = [];
  const pass = async (ms: number) => {
    for (const { clock } of members) clock.pass(ms);
    const earlier = `- ${ms} * interval '1 ms'`;
    await query(
      database,
      `update samocode_pool.sessions set until = until ${earlier}, not_before = not_before ${earlier}`,
    );
    await query(database, `update samocode_pool.machines set seen = seen ${earlier}`);
  };
  return {
    database,
    async join(labels = ['claude']) {
      const { login, address } = await loginOf(database);
      const host = { ...hostOf(members.length, labels), id: login };
      const clock = new HandClock();
      const board = boardAt(`${address}?application_name=${encodeURIComponent(host.name)}`, { clock });
      const claim = async (free: number) => {
        await board.renew(host);
        return await board.claim(host, free);
      };
      const member = { board, clock, host, claim };
      members.push(member);
      return member;
    },
    async offer(by, { id = ulid(), folder = id, needs = [], project = PROJECT, wanted = true } = {}) {
      await by.board.offer({ id, project, folder, needs, state: 'a'.repeat(40) });
      if (!wanted)
        await query(database, `update samocode_pool.sessions set wanted = false where id = '${id}'`);
      return id;
    },
    async publish(by, held, wanted) {
      const state = 'b'.repeat(40);
      return { state, has: await by.board.publish(held, state, { ...SUMMARY, wanted }) };
    },
    pass,
    async away({ board, host }, ms) {
      const own = 'select pid from pg_stat_activity where application_name = $1';
      await query(database, `select pg_terminate_backend(pid) from (${own}) own`, [host.name]);
      await pass(ms);
      await eventually(async () => (await board.renew(host)) !== undefined);
    },
    async [Symbol.asyncDispose]() {
      for (const { board } of members) await board[Symbol.asyncDispose]();
    },
  };
}
