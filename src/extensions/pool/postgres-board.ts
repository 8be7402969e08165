import { EventEmitter, once } from 'node:events';
import pg from 'pg';
import type { Clock } from '../../core/kernel/clock.ts';
import { isSamocodeError } from '../../core/kernel/errors.ts';
import { fingerprint } from '../../core/kernel/files/fingerprint.ts';
import type { Board, Claim, Entry, Held, HostCard, Oid, Renewal, SentAct, StateCard, Ulid } from './board.ts';
import { POOL_ERRORS } from './pool-errors.ts';
import {
  ACT,
  CLAIM,
  GIVE_BACK,
  HOSTS,
  INDEX,
  MIGRATIONS,
  OFFER,
  RENEW,
  ROLES,
  SETTLE,
} from './postgres-schema.ts';

export interface PostgresBoardPlan {
  /** `postgres://…`; omitted parts come from PG* variables and ~/.pgpass. */
  database: string;
  clock: Clock;
  leaseMs: number;
  /** The time limit of a connection attempt and of each statement, in milliseconds. */
  limitMs: number;
}

type SessionRow = Omit<Entry, 'host' | 'state' | 'card'> & {
  host: string | null;
  state: string | null;
  card: StateCard | null;
};
type RenewedRow = SessionRow & { held: number | null; open: boolean; acts: SentAct[] | null };

const CHANNEL = 'samocode_pool';
const VERSION = MIGRATIONS.length;

/** A board in PostgreSQL, whose clock decides when leases expire. A renewal takes one statement. */
export class PostgresBoard implements Board {
  readonly #plan: PostgresBoardPlan;
  readonly #news = new EventEmitter();
  #connecting: Promise<pg.Client> | undefined;
  #client: pg.Client | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #connectedAt = 0;
  #host: HostCard | undefined;
  #hasNews = false;
  /** Whether a claim could succeed, so that an idle host sends only its renewal. */
  #mayClaim = true;

  constructor(plan: PostgresBoardPlan) {
    this.#plan = plan;
  }

  /** Creates or updates the schema, and its roles if this login may create roles. */
  async prepare(): Promise<void> {
    const client = await this.#open();
    try {
      const found = await versionOf(client);
      if (found === VERSION) return;
      if (found > VERSION) throw POOL_ERRORS.pool_schema_other({ found, expected: VERSION });
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(hashtext('samocode_pool'))`);
      await client.query('create schema if not exists samocode_pool');
      await client.query('create table if not exists samocode_pool.schema (version int not null)');
      // Reads the version again under the lock: another machine may have migrated it.
      for (const step of MIGRATIONS.slice(await versionOf(client))) await client.query(step);
      await client.query('delete from samocode_pool.schema');
      await client.query('insert into samocode_pool.schema values ($1)', [VERSION]);
      await client.query(ROLES);
      await client.query('commit');
    } catch (error) {
      throw asPoolError(error);
    } finally {
      await client.end();
    }
  }

  async renew(host: HostCard): Promise<Renewal> {
    this.#host = host;
    this.#hasNews = false;
    const { id, name, project, labels } = host;
    const { rows } = await this.#query<RenewedRow>(RENEW, [id, name, project, labels, this.#plan.leaseMs]);
    this.#mayClaim ||= rows.some(({ open, needs }) => open && needs.every((need) => labels.includes(need)));
    return {
      held: new Map(rows.flatMap((row) => (row.held === null ? [] : [[row.id, row.held] as const]))),
      acts: rows.flatMap(({ acts }) => acts ?? []),
      entries: rows.map(entryOf),
    };
  }

  async hosts(project: Oid): Promise<HostCard[]> {
    return (await this.#query<HostCard>(HOSTS, [project, this.#plan.leaseMs])).rows;
  }

  async offer(session: Pick<Entry, 'id' | 'project' | 'folder' | 'needs' | 'state'>): Promise<void> {
    const { id, project, folder, needs, state } = session;
    await this.#query(OFFER, [id, project, folder, needs, state]);
  }

  async claim(host: HostCard, free: number): Promise<Claim[]> {
    if (!this.#mayClaim || free <= 0) return [];
    this.#mayClaim = false;
    const { leaseMs, clock } = this.#plan;
    await this.#connected();
    // After a restart or a failover all leases have expired, but their hosts may be about to renew them.
    const isWitness = clock.monotonic() - this.#connectedAt >= leaseMs;
    const { rows } = await this.#query<SessionRow & { before: string | null }>(CLAIM, [
      ...[host.id, host.project, host.labels, leaseMs, free, isWitness],
    ]);
    this.#mayClaim ||= rows.length === free;
    return rows.map((row) => ({ ...entryOf(row), host: host.id, from: row.before ?? undefined }));
  }

  async index(
    held: Held,
    state: Oid,
    { wanted, ...card }: StateCard & { wanted: boolean },
  ): Promise<boolean> {
    const { rowCount } = await this.#query(INDEX, [held.id, held.host, held.epoch, state, card, wanted]);
    return rowCount === 1;
  }

  async giveBack(
    held: Held,
    { wanted, state, notBeforeMs = 0 }: { wanted: boolean; state: Oid; notBeforeMs?: number },
  ): Promise<boolean> {
    const values = [held.id, held.host, held.epoch, wanted, state, notBeforeMs];
    return (await this.#query(GIVE_BACK, values)).rowCount === 1;
  }

  async act(session: Ulid, id: Ulid, command: string): Promise<void> {
    await this.#query(ACT, [id, session, command]);
  }

  async settle(acts: readonly SentAct[]): Promise<void> {
    await this.#query(SETTLE, [acts.map(({ id }) => id)]);
  }

  async changed(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#hasNews) return;
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const news = once(this.#news, CHANNEL, { signal: either });
    await Promise.race([news, this.#plan.clock.sleep(ms, either)]).finally(() => done.abort());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#connecting?.catch(() => undefined);
    await client?.end();
  }

  async #query<Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    const client = await this.#connected();
    // Serialised; queued statements fail together with the connection for which they were issued.
    const name = fingerprint(sql).slice(0, 32);
    const answer = this.#turn.then(() => client.query<Row>({ name, text: sql, values }));
    this.#turn = answer.catch(() => undefined);
    try {
      return await answer;
    } catch (error) {
      // The next call opens a new connection, because the server behind this one may be gone.
      this.#drop(client);
      throw asPoolError(error);
    }
  }

  async #connected(): Promise<pg.Client> {
    this.#connecting ??= this.#connect();
    try {
      return await this.#connecting;
    } catch (error) {
      this.#connecting = undefined;
      throw asPoolError(error);
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = await this.#open();
    try {
      const found = await versionOf(client);
      if (found !== VERSION) throw POOL_ERRORS.pool_schema_other({ found, expected: VERSION });
      // The statements are few and fixed, so each is planned once per connection.
      await client.query(`set plan_cache_mode = force_generic_plan; listen ${CHANNEL}`);
    } catch (error) {
      await client.end();
      throw error;
    }
    this.#connectedAt = this.#plan.clock.monotonic();
    this.#mayClaim = true;
    this.#client = client;
    return client;
  }

  async #open(): Promise<pg.Client> {
    const { database: connectionString, limitMs } = this.#plan;
    const limits = { query_timeout: limitMs, statement_timeout: limitMs, connectionTimeoutMillis: limitMs };
    const client = new pg.Client({
      connectionString,
      ...limits,
      keepAlive: true,
      application_name: 'samocode',
    });
    client.on('error', () => this.#drop(client));
    client.on('notification', ({ payload }) => this.#onNotification(payload));
    try {
      await client.connect();
      return client;
    } catch (error) {
      throw asPoolError(error);
    }
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#connecting = undefined;
    // The connection is abandoned, so an error on closing it does not matter.
    void client.end().catch(() => undefined);
  }

  /** @param payload the id of the host that has the session, or the project if no host has it */
  #onNotification(payload: string | undefined): void {
    if (payload !== this.#host?.id && payload !== this.#host?.project) return;
    this.#hasNews = true;
    this.#mayClaim = true;
    this.#news.emit(CHANNEL);
  }
}

async function versionOf(client: pg.Client): Promise<number> {
  const table = await client.query<{ found: string | null }>(
    `select to_regclass('samocode_pool.schema') as found`,
  );
  if (table.rows[0]?.found == null) return 0;
  const { rows } = await client.query<{ version: number }>('select version from samocode_pool.schema');
  return rows[0]?.version ?? 0;
}

function entryOf({ id, project, folder, needs, wanted, host, epoch, state, card }: SessionRow): Entry {
  const may = { host: host ?? undefined, state: state ?? undefined, card: card ?? undefined };
  return { id, project, folder, needs, wanted, epoch, ...may };
}

const INSUFFICIENT_PRIVILEGE = '42501';

function asPoolError(error: unknown): Error {
  if (isSamocodeError(error)) return error;
  const isRefusal = error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE;
  return POOL_ERRORS[isRefusal ? 'pool_database_refused' : 'pool_database_failed'](undefined, {
    cause: error,
  });
}
