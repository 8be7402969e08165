import pg from 'pg';
import { ulid } from 'ulid';
import { systemClock } from '../../src/core/kernel/clock.ts';
import type { Claim, HostInfo } from '../../src/extensions/pool/board/board.ts';
import { PostgresBoard } from '../../src/extensions/pool/board/postgres-board.ts';
import { query, startPostgres } from '../../tests/support/postgres-server.ts';
import { round } from '../bench.ts';

const HOSTS = 100;
const SESSIONS = 1000;
const EACH = SESSIONS / HOSTS;
/** How often each way to claim is tried by each host. */
const TURNS = 3;
const LEASE_MS = 45_000;
/** In which the rounds of all hosts are spread, as they are over the 15 s of a renewal. */
const SPREAD_MS = 5000;
const PROJECT = '1'.repeat(40);
const STATE = 'a'.repeat(40);
const SUMMARY = { status: 'running', phase: 'testing', iteration: 7, at: '2026-01-08T00:00:00.000Z' };

let aheadMs = 0;
const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };

/** Hosts with a connection each, on one real server that writes to the disk as it does by default. */
export async function measurePostgres(): Promise<Record<string, number>> {
  await using server = await startPostgres([]);
  const database = await server.database();
  const boardAt = (address: string) =>
    new PostgresBoard({ database: address, instance: '', clock, leaseMs: LEASE_MS, limitMs: 60_000 });
  await boardAt(database).prepare();
  for (let nth = 0; nth < HOSTS; nth += 1)
    await query(database, `create role h${nth} login in role samocode_hosts`);
  const hosts = Array.from({ length: HOSTS }, (_, nth) => {
    const rest = { slots: EACH, level: 'off', version: '' } as const;
    const host: HostInfo = {
      ...{ id: `h${nth}`, name: `machine ${nth}`, project: PROJECT, labels: ['claude'] },
      ...rest,
    };
    return { board: boardAt(database.replace('postgres@', `h${nth}@`)), host };
  });
  const [first] = hosts as [(typeof hosts)[0]];
  const offer = async (count: number) => {
    for (let nth = 0; nth < count; nth += 1)
      await first.board.offer({
        id: ulid(),
        project: PROJECT,
        folder: `s${nth}`,
        needs: ['claude'],
        state: STATE,
      });
  };
  await offer(SESSIONS);
  for (const { board, host } of hosts) await board.renew(host);
  const atOnce = async (free: number) =>
    await Promise.all(hosts.map(({ board, host }) => timed(() => board.claim(host, free))));
  const one: Awaited<ReturnType<typeof atOnce>> = [];
  for (let turn = 0; turn < TURNS; turn += 1) one.push(...(await atOnce(1)));
  const rest = await atOnce(EACH - TURNS);
  const claims = [...one, ...rest].flatMap(({ result }) => result);
  if (new Set(claims.map(({ id }) => id)).size !== SESSIONS) throw new Error('A session was claimed twice.');

  const renewals = await spread(hosts, ({ board, host }) => board.renew(host));
  const publishes = await spread(claims, async (claim) => {
    const host = hosts[Number(claim.host.slice(1))] as (typeof hosts)[0];
    await host.board.publish(claim, STATE, { ...SUMMARY, wanted: true });
  });
  const idle = async () => {
    for (const { board, host } of hosts) {
      await board.renew(host);
      await board.claim(host, EACH);
    }
  };
  await idle();
  const counting = countedQueries();
  await idle();
  const statements = counting.stop() / HOSTS;

  await giveAllBack(hosts, claims);
  const spreadClaims: { ms: number; result: Claim[] }[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { board, host } of hosts) await board.renew(host);
    const turns = await spread(hosts, ({ board, host }) => board.claim(host, EACH));
    spreadClaims.push(...turns);
    if (turn + 1 < TURNS)
      await giveAllBack(
        hosts,
        turns.flatMap(({ result }) => result),
      );
  }
  const dead = hosts.splice(0, HOSTS / 3);
  for (const { board } of dead) await board[Symbol.asyncDispose]();
  aheadMs += LEASE_MS;
  await query(
    database,
    `update samocode_pool.sessions set until = now() - interval '1 s' where host = any($1)`,
    [dead.map(({ host }) => host.id)],
  );
  const takeover = await timed(() =>
    Promise.all(
      hosts.map(async ({ board, host }) => {
        await board.renew(host);
        return await board.claim(host, EACH);
      }),
    ),
  );
  for (const { board } of hosts) await board[Symbol.asyncDispose]();
  return {
    oneAtOnceMsP50: percentile(one, 50),
    oneAtOnceMsP99: percentile(one, 99),
    sevenAtOnceMsP99: percentile(rest, 99),
    claimMsP50: percentile(spreadClaims, 50),
    claimMsP99: percentile(spreadClaims, 99),
    renewMsP50: percentile(renewals, 50),
    renewMsP99: percentile(renewals, 99),
    publishMsP99: percentile(publishes, 99),
    statementsIdle: round(statements, 2),
    takenOver: takeover.result.flat().length,
    takeoverMs: round(takeover.ms),
  };
}

async function giveAllBack(hosts: readonly { board: PostgresBoard }[], claims: readonly Claim[]) {
  for (const { id, host, epoch } of claims)
    await hosts[Number(host.slice(1))]?.board.giveBack({ id, epoch }, { wanted: true });
}

/** Each at its own moment, as machines are. */
async function spread<Item, T>(items: readonly Item[], act: (item: Item) => Promise<T>) {
  return await Promise.all(
    items.map(async (item, nth) => {
      await systemClock.sleep((nth * SPREAD_MS) / items.length);
      return await timed(() => act(item));
    }),
  );
}

async function timed<T>(act: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const begun = systemClock.monotonic();
  const result = await act();
  return { ms: systemClock.monotonic() - begun, result };
}

function percentile(times: readonly { ms: number }[], percent: number): number {
  const sorted = times.map(({ ms }) => ms).sort((a, b) => a - b);
  return round(
    sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN,
  );
}

function countedQueries() {
  const { query } = pg.Client.prototype;
  let count = 0;
  pg.Client.prototype.query = function counted(this: pg.Client, ...args: unknown[]) {
    count += 1;
    return Reflect.apply(query, this, args);
  };
  return {
    stop() {
      pg.Client.prototype.query = query;
      return count;
    },
  };
}
