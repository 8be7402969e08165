import { EventEmitter, once } from 'node:events';
import pg from 'pg';
import type { Clock } from '../../../core/kernel/clock.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { LinkedController } from '../../../core/kernel/processes/linked-controller.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import type {
  Board,
  Claim,
  Entry,
  Held,
  HostInfo,
  HostSign,
  Oid,
  RemoteCommand,
  Renewal,
  StateSummary,
  Ulid,
} from './board.ts';
import {
  ACT,
  CLAIM,
  FORGET,
  GIVE_BACK,
  HOSTS,
  INDEX,
  MIGRATIONS,
  OFFER,
  RAISE,
  REMOVE,
  RENEW,
  ROLES,
  SETTLE,
} from './postgres-schema.ts';
import { type SignedText, textToSign, verifiedCommand } from './signed-command.ts';

export interface PostgresBoardPlan {
  /**
   * `postgres://…` with one host. An omitted password comes from ~/.pgpass; a supervisor that is started in the
   * background has neither PGPASSFILE nor other PG* variables.
   */
  database: string;
  clock: Clock;
  leaseMs: number;
  /** The time limit of a connection attempt and of each statement, in milliseconds. */
  limitMs: number;
  /** Absent where no acts are sent or read. */
  signing?: ActSigning | undefined;
}

export interface ActSigning {
  envelope(text: string): Promise<string>;
  /** Undefined if no member has signed it. */
  verifyEnvelope(envelope: string): Promise<SignedText | undefined>;
}

type SessionRow = Omit<Entry, 'host' | 'state' | 'card'> & {
  host: string | null;
  state: string | null;
  card: StateSummary | null;
};
interface RenewedRow {
  /** The transaction from which on the next renewal asks for changes. */
  next: string;
  total: number;
  held: Record<Ulid, number> | null;
  acts: RemoteCommand[] | null;
  changed: SessionRow[] | null;
  /** When the first session that another host has could be claimed here. */
  openInMs: number | null;
}

const CHANNEL = 'samocode_pool';
const VERSION = MIGRATIONS.length;

const MAX_OPENED = 50;
/** Keeps the hosts that wait for the same lease from claiming in the same instant. */
const JITTER_MS = 1000;

/** A board in PostgreSQL, whose clock decides when leases expire. A renewal takes one statement. */
export class PostgresBoard implements Board {
  readonly #plan: PostgresBoardPlan;
  readonly #news = new EventEmitter();
  #connecting: Promise<pg.Client> | undefined;
  #client: pg.Client | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #connectedAt = 0;
  #host: HostInfo | undefined;
  #hasNews = false;
  /** Whether a claim could succeed, so that an idle host sends only its renewal. */
  #mayClaim = true;
  /** The acts of the last renewal, by their fingerprint. */
  #acts: ReadonlyMap<string, RemoteCommand> = new Map();
  /** The sessions of the project at the last renewal over this connection, and where the next one begins. */
  #entries = new Map<Ulid, Entry>();
  #next = '0';
  /** Monotonic time at which a session may be claimed although nothing is notified: a lease ends. */
  #openAt = Number.POSITIVE_INFINITY;

  constructor(plan: PostgresBoardPlan) {
    this.#plan = plan;
  }

  /** Creates or updates the schema, and its roles if this login may create roles. */
  async prepare(): Promise<void> {
    const client = await this.#open();
    try {
      await this.#requireOwnConnection(client);
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

  /** In a pooler that lends a connection for one transaction, no news would arrive. @throws pool_database_pooled */
  async #requireOwnConnection(client: pg.Client): Promise<void> {
    const other = await this.#open();
    const pids: unknown[] = [];
    for (const each of [client, other, client])
      pids.push((await each.query('select pg_backend_pid() as pid')).rows[0].pid);
    await other.end();
    if (pids[0] !== pids[2] || pids[0] === pids[1]) throw POOL_ERRORS.pool_database_pooled();
  }

  async renew(host: HostInfo): Promise<Renewal> {
    this.#host = host;
    this.#hasNews = false;
    let row = await this.#renewal(host);
    // A session was deleted.
    if (row.total !== this.#entries.size) {
      this.#forgetEntries();
      row = await this.#renewal(host);
    }
    const { clock, leaseMs } = this.#plan;
    const openAt = clock.monotonic() + (row.openInMs ?? Number.POSITIVE_INFINITY);
    const witnessAt = this.#connectedAt + leaseMs;
    this.#mayClaim ||= openAt <= clock.monotonic();
    this.#openAt = openAt > clock.monotonic() ? openAt : witnessAt;
    return {
      held: new Map(Object.entries(row.held ?? {})),
      acts: await this.#verified(row.acts ?? []),
      entries: [...this.#entries.values()],
    };
  }

  async hosts(project: Oid): Promise<HostSign[]> {
    return (await this.#query<HostSign>(HOSTS, [project, this.#plan.leaseMs])).rows;
  }

  async remove(hostId: string): Promise<string | undefined> {
    const { rows } = await this.#query<{ login: string | null }>(REMOVE, [hostId]);
    return rows[0]?.login ?? undefined;
  }

  async forget(ids: readonly Ulid[]): Promise<void> {
    await this.#query(FORGET, [ids, this.#host?.id]);
  }

  async offer(session: Pick<Entry, 'id' | 'project' | 'folder' | 'needs' | 'state'>): Promise<void> {
    const { id, project, folder, needs, state } = session;
    await this.#query(OFFER, [id, project, folder, needs, state, this.#host?.id]);
  }

  async claim(host: HostInfo, free: number): Promise<Claim[]> {
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

  async raise(held: Held, epoch: number): Promise<boolean> {
    return (await this.#query(RAISE, [held.id, held.host, held.epoch, epoch])).rowCount === 1;
  }

  async index(
    held: Held,
    state: Oid,
    { wanted, ...summary }: StateSummary & { wanted: boolean },
  ): Promise<boolean> {
    const { rowCount } = await this.#query(INDEX, [held.id, held.host, held.epoch, state, summary, wanted]);
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
    const envelope = await this.#signing.envelope(textToSign({ session, id, command }));
    await this.#query(ACT, [id, session, envelope, this.#host?.id]);
  }

  async settle(acts: readonly RemoteCommand[]): Promise<void> {
    await this.#query(SETTLE, [acts.map(({ id }) => id), this.#host?.id]);
  }

  async changed(ms: number, signal: AbortSignal): Promise<void> {
    const hasNews = this.#hasNews;
    // Not only at a renewal: a removed machine renews nothing, and would never wait again.
    this.#hasNews = false;
    if (hasNews) return;
    using done = new LinkedController(signal);
    const news = once(this.#news, CHANNEL, { signal: done.signal });
    const { clock } = this.#plan;
    const openInMs = this.#openAt - clock.monotonic();
    const sleepMs = openInMs > 0 ? Math.min(ms, openInMs + Math.random() * JITTER_MS) : ms;
    await Promise.race([news, clock.sleep(sleepMs, done.signal)]).finally(() => done.abort());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#connecting?.catch(() => undefined);
    await client?.end();
  }

  async #renewal({ id, name, project, labels, instanceId, slots, level, version }: HostInfo) {
    await this.#connected();
    const beat = [id, project, labels, name, instanceId, slots, level, version];
    const { rows } = await this.#query<RenewedRow>(RENEW, [...beat, this.#plan.leaseMs, this.#next]);
    const [row] = rows as [RenewedRow];
    for (const each of row.changed ?? []) this.#entries.set(each.id, entryOf(each));
    this.#next = row.next;
    return row;
  }

  get #signing(): ActSigning {
    const { signing } = this.#plan;
    if (signing === undefined) throw new Error('This board has no key.');
    return signing;
  }

  /** Verifies the acts that were not there at the last renewal: each starts several processes. */
  async #verified(rows: readonly RemoteCommand[]): Promise<RemoteCommand[]> {
    const verified = new Map<string, RemoteCommand>();
    for (const row of rows.slice(0, MAX_OPENED)) {
      const key = fingerprint(row.session, row.id, row.command);
      verified.set(key, this.#acts.get(key) ?? (await this.#verifyCommand(row)));
    }
    this.#acts = verified;
    return [...verified.values()];
  }

  async #verifyCommand(row: RemoteCommand): Promise<RemoteCommand> {
    if (row.command.startsWith('{')) return { ...row, problem: 'unsigned' };
    const signed = await this.#signing.verifyEnvelope(row.command);
    if (signed === undefined) return { ...row, problem: 'untrusted' };
    return verifiedCommand(signed, row) ?? { ...row, ...signed, problem: 'misplaced' };
  }

  #forgetEntries(): void {
    this.#entries = new Map();
    this.#next = '0';
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
      throw asPoolError(error, this.#host);
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
    // The server may have been replaced by one that lacks the last transactions.
    this.#forgetEntries();
    this.#client = client;
    return client;
  }

  async #open(): Promise<pg.Client> {
    const { database: connectionString, limitMs } = this.#plan;
    const limits = { query_timeout: limitMs, connectionTimeoutMillis: limitMs };
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
      // Not when connecting: poolers refuse it there.
      await client.query(`set statement_timeout = ${limitMs}`);
      return client;
    } catch (error) {
      this.#drop(client);
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

function asPoolError(error: unknown, host?: HostInfo): Error {
  if (isSamocodeError(error)) return error;
  const options = { cause: error };
  const name = host?.name ?? '';
  switch (error instanceof pg.DatabaseError ? error.code : undefined) {
    // Raised by the functions of the schema.
    case 'SCP01':
      return POOL_ERRORS.pool_removed({ host: name }, options);
    case 'SCP02':
      return POOL_ERRORS.pool_host_twice({ host: name }, options);
    // insufficient_privilege, read_only_sql_transaction, disk_full
    case '42501':
      return POOL_ERRORS.pool_database_refused(undefined, options);
    case '25006':
      return POOL_ERRORS.pool_database_read_only(undefined, options);
    case '53100':
      return POOL_ERRORS.pool_database_full(undefined, options);
    default:
      return POOL_ERRORS.pool_database_failed(undefined, options);
  }
}
