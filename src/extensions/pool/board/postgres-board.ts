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
import { MACHINES, READ, RENEW, ROLES, SCHEMA, TAKE_CLAIMS, VERSION } from './postgres-schema.ts';

export interface PostgresBoardPlan {
  /**
   * `postgres://…` with one host. An omitted password comes from ~/.pgpass; a supervisor that is started in the
   * background has neither PGPASSFILE nor other PG* variables.
   */
  database: string;
  /** Of this machine: differs between boots and between copies of a home. */
  instance: string;
  clock: Clock;
  leaseMs: number;
  /** The time limit of a connection attempt and of each statement, in milliseconds. */
  limitMs: number;
}

type SessionRow = Omit<Entry, 'host' | 'hostName' | 'card'> & {
  host: string | null;
  hostName?: string | null;
  card: StateSummary | null;
};
type ClaimedRow = SessionRow & { before: string | null };
interface RenewedRow {
  /** The transaction from which on the next renewal asks for changes. */
  next: string;
  total: number;
  held: Record<Ulid, number>;
  acts: RemoteCommand[] | null;
  changed: SessionRow[] | null;
  /** When the first session that another host has could be claimed here. */
  openInMs: number | null;
}

const CHANNEL = 'samocode_pool';
/** Tenths of a second until the connections of a removed machine have ended. */
const NOT_OWNER = 'it does not own the schema samocode_pool';
const MAX_ENDINGS = 100;
/** One renewal; each act is judged and recorded. */
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
  /** The sessions of the project at the last renewal over this connection, and where the next one begins. */
  #entries = new Map<Ulid, Entry>();
  #next = '0';
  /** Monotonic time at which a session may be claimed although nothing is notified: a lease ends. */
  #openAt = Number.POSITIVE_INFINITY;

  constructor(plan: PostgresBoardPlan) {
    this.#plan = plan;
  }

  /** Creates or updates the schema, as a login that is no machine's. Roles too, if it may create them. */
  async prepare(): Promise<void> {
    const client = await this.#open();
    try {
      await this.#requireOwnConnection(client);
      const found = await versionOf(client);
      if (found > VERSION) throw POOL_ERRORS.pool_schema_other({ found, expected: VERSION });
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(hashtext('samocode_pool'))`);
      if (found < VERSION) await client.query(SCHEMA);
      await client.query(ROLES);
      const ask = `select to_regrole('samocode_hosts') as role, samocode_pool.unfit() as unfit`;
      const { rows } = await client.query<{ role: string | null; unfit: string | null }>(ask);
      if (rows[0]?.unfit == null) throw POOL_ERRORS.pool_database_refused({ why: NOT_OWNER });
      await client.query('commit');
      if (rows[0].role === null) throw POOL_ERRORS.pool_no_role();
    } catch (error) {
      throw asPoolError(error);
    } finally {
      await client.end();
    }
  }

  /**
   * Whether this login can be that of a machine.
   * @returns the login
   */
  async requireFit(): Promise<string> {
    const client = await this.#open();
    try {
      await this.#requireOwnConnection(client);
      const found = await versionOf(client);
      if (found !== VERSION) throw POOL_ERRORS.pool_schema_other({ found, expected: VERSION });
      const { instance, leaseMs } = this.#plan;
      const ask = `select session_user as login, samocode_pool.unfit() as why,
        samocode_pool.other($1, $2 * interval '1 ms') as other`;
      const { rows } = await client.query<{ login: string; why: string | null; other: string | null }>(ask, [
        instance,
        leaseMs,
      ]);
      const [{ login, why, other }] = rows as [(typeof rows)[number]];
      if (why !== null) throw POOL_ERRORS.pool_login_unfit({ login, why });
      if (other !== null) throw POOL_ERRORS.pool_login_shared({ login, other });
      return login;
    } catch (error) {
      throw asPoolError(error);
    } finally {
      await client.end();
    }
  }

  /**
   * Shuts a machine out for good, as an administrator: its login, its connections, and then its claims, so that it cannot
   * renew them. Safe to repeat after an interruption at any point.
   * @returns the folders of its sessions, which other machines may take now
   */
  async remove(login: string): Promise<string[]> {
    const client = await this.#open();
    try {
      await client.query(`alter role ${pg.escapeIdentifier(login)} nologin`);
      const end = 'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1';
      for (let tries = 1; ((await client.query(end, [login])).rowCount ?? 0) > 0; tries += 1) {
        if (tries === MAX_ENDINGS) throw POOL_ERRORS.pool_not_ended({ login });
        await this.#plan.clock.sleep(100);
      }
      const { rows } = await client.query<{ folder: string }>(TAKE_CLAIMS, [login]);
      return rows.map(({ folder }) => folder);
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === '42704')
        throw POOL_ERRORS.pool_no_login({ login }, { cause: error });
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
      held: new Map(Object.entries(row.held)),
      acts: (row.acts ?? []).slice(0, MAX_OPENED),
      entries: [...this.#entries.values()],
    };
  }

  async hosts(project: Oid): Promise<HostSign[]> {
    return (await this.#query<HostSign>(MACHINES, [project, this.#plan.leaseMs])).rows;
  }

  async read(id: Ulid): Promise<Entry | undefined> {
    const { rows } = await this.#query<SessionRow>(READ, [id]);
    return rows.map(entryOf)[0];
  }

  async forget(ids: readonly Ulid[]): Promise<readonly Ulid[]> {
    return await this.#call<Ulid>('forget', ids);
  }

  async offer({
    id,
    project,
    folder,
    needs,
    state,
  }: Pick<Entry, 'id' | 'project' | 'folder' | 'needs' | 'state'>): Promise<void> {
    await this.#call('offer', id, project, folder, needs, state);
  }

  async claim({ id, project, labels }: HostInfo, free: number): Promise<Claim[]> {
    if (!this.#mayClaim || free <= 0) return [];
    this.#mayClaim = false;
    const { leaseMs, clock } = this.#plan;
    await this.#connected();
    // After a restart or a failover all leases have expired, but their hosts may be about to renew them.
    const isWitness = clock.monotonic() - this.#connectedAt >= leaseMs;
    const rows = await this.#call<ClaimedRow>('claim', project, labels, interval(leaseMs), free, isWitness);
    this.#mayClaim ||= rows.length === free;
    return rows.map((row) => ({ ...entryOf(row), host: id, from: row.before ?? undefined }));
  }

  async publish(
    { id, epoch }: Held,
    state: Oid,
    { wanted, ...summary }: StateSummary & { wanted: boolean },
  ): Promise<boolean> {
    return (await this.#call<boolean>('publish', id, epoch, state, summary, wanted))[0] === true;
  }

  async giveBack(
    { id, epoch }: Held,
    { wanted, notBeforeMs = 0 }: { wanted: boolean; notBeforeMs?: number },
  ): Promise<boolean> {
    return (await this.#call<boolean>('give_back', id, epoch, wanted, interval(notBeforeMs)))[0] === true;
  }

  async act(session: Ulid, id: Ulid, command: string): Promise<void> {
    await this.#call('act', id, session, command);
  }

  async settle(acts: readonly RemoteCommand[]): Promise<void> {
    const ids = acts.map(({ id }) => id);
    if (ids.length > 0) await this.#call('settle', ids);
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

  async #renewal({ name, project, labels, slots, level, version }: HostInfo) {
    await this.#connected();
    const { instance, leaseMs } = this.#plan;
    const beat = [name, project, labels, instance, slots, level, version];
    const { rows } = await this.#query<RenewedRow>(RENEW, [...beat, leaseMs, this.#next]);
    const [row] = rows as [RenewedRow];
    for (const each of row.changed ?? []) this.#entries.set(each.id, entryOf(each));
    this.#next = row.next;
    return row;
  }

  #forgetEntries(): void {
    this.#entries = new Map();
    this.#next = '0';
  }

  /** Calls a function of the schema as this machine. @returns what it returns, a value for each row */
  async #call<Value>(name: string, ...values: unknown[]): Promise<Value[]> {
    const places = values.map((_, at) => `$${at + 2}`);
    const sql = `select samocode_pool.${name}(${['$1', ...places].join(', ')}) as value`;
    const { rows } = await this.#query<{ value: Value }>(sql, [this.#plan.instance, ...values]);
    return rows.map(({ value }) => value);
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
    if (this.#client === client) {
      this.#client = undefined;
      this.#connecting = undefined;
      // The next renewal tells a server that begins again from a machine that was removed.
      this.#wake();
    }
    // The connection is abandoned, so an error on closing it does not matter.
    void client.end().catch(() => undefined);
  }

  /** @param payload the id of the host that has the session, or the project if no host has it */
  #onNotification(payload: string | undefined): void {
    if (payload !== this.#host?.id && payload !== this.#host?.project) return;
    this.#mayClaim = true;
    this.#wake();
  }

  #wake(): void {
    this.#hasNews = true;
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

function entryOf({
  id,
  project,
  folder,
  needs,
  wanted,
  host,
  epoch,
  state,
  author,
  ...row
}: SessionRow): Entry {
  const may = { host: host ?? undefined, hostName: row.hostName ?? undefined, card: row.card ?? undefined };
  return { id, project, folder, needs, wanted, epoch, state, author, ...may };
}

function interval(ms: number): string {
  return `${ms} ms`;
}

/** A login that may no longer log in, is gone, or has another password. */
const NOT_ADMITTED = ['28000', '28P01'];

function asPoolError(error: unknown, host?: HostInfo): Error {
  if (isSamocodeError(error)) return error;
  const options = { cause: error };
  const { code = '', message = '' } = error instanceof pg.DatabaseError ? error : {};
  if (NOT_ADMITTED.includes(code)) return POOL_ERRORS.pool_removed({ why: message }, options);
  const login = host?.id ?? '';
  switch (code) {
    // Raised by the functions of the schema.
    case 'SCP02':
      return POOL_ERRORS.pool_login_shared({ login, other: message }, options);
    case 'SCP03':
      return POOL_ERRORS.pool_login_unfit({ login, why: message }, options);
    // insufficient_privilege, read_only_sql_transaction, disk_full
    case '42501':
      return POOL_ERRORS.pool_database_refused({ why: message }, options);
    case '25006':
      return POOL_ERRORS.pool_database_read_only(undefined, options);
    case '53100':
      return POOL_ERRORS.pool_database_full(undefined, options);
    default:
      return POOL_ERRORS.pool_database_failed(undefined, options);
  }
}
