import { ulid } from 'ulid';
import { type ActSigning, PostgresBoard } from '../../../../src/extensions/pool/board/postgres-board.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { type ClaimsRig, hostOf, LEASE_MS, type Member, PROJECT } from '../../../support/board-contract.ts';
import { eventually } from '../../../support/eventually.ts';
import { type PostgresServer, query } from '../../../support/postgres-server.ts';

const SUMMARY = { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' };

/** Envelopes that every key has signed. */
const SIGNING: ActSigning = {
  envelope: async (text) => `signed ${text}`,
  verifyEnvelope: async (envelope) =>
    envelope.startsWith('signed ')
      ? { text: envelope.slice('signed '.length), person: 'someone', machine: 'machine' }
      : undefined,
};

export const boardAt = (database: string, clock = new HandClock(), signing = SIGNING) =>
  new PostgresBoard({ database, clock, leaseMs: LEASE_MS, limitMs: 20_000, signing });

/** What the database's clock decides passes by moving what it is compared with. */
export async function postgresBoards(
  server: Pick<PostgresServer, 'database'>,
): Promise<ClaimsRig & { database: string }> {
  const database = await server.database();
  const members: Member[] = [];
  await boardAt(database).prepare();
  const pass = async (ms: number) => {
    for (const { clock } of members) clock.pass(ms);
    const earlier = `- ${ms} * interval '1 ms'`;
    await query(
      database,
      `update samocode_pool.sessions set until = until ${earlier}, not_before = not_before ${earlier}`,
    );
    await query(database, `update samocode_pool.hosts set seen = seen ${earlier}`);
  };
  return {
    database,
    async join(labels = ['claude']) {
      const host = hostOf(members.length, labels);
      const clock = new HandClock();
      const board = boardAt(`${database}?application_name=${encodeURIComponent(host.name)}`, clock);
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
      return { state, has: await by.board.index(held, state, { ...SUMMARY, wanted }) };
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
