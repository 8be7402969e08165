import { EventEmitter, once } from 'node:events';
import type pg from 'pg';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { LinkedController } from '../../../core/kernel/processes/linked-controller.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { prepareDatabase, removeLogin, requireFitLogin } from './administration.ts';
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
import { asPoolError, openConnection, type PostgresPlan, versionOf } from './postgres-connection.ts';
import { MACHINES, READ, RENEW, VERSION } from './postgres-schema.ts';

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
/** One renewal; each act is judged and recorded. */
const MAX_OPENED = 50;
/** Keeps the hosts that wait for the same lease from claiming in the same instant. */
const JITTER_MS = 1000;

/** A board in PostgreSQL, whose clock decides when leases expire. A renewal takes one statement. */
export class PostgresBoard implements Board {
  readonly #plan: PostgresPlan;
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

  constructor(plan: PostgresPlan) {
    this.#plan = plan;
  }

  /** Creates or updates the schema, as a login that is no machine's. */
  async prepare(): Promise<void> {
    await prepareDatabase(this.#plan);
  }

  /** Whether this login can be that of a machine. @returns the login */
  async requireFit(): Promise<string> {
    return await requireFitLogin(this.#plan);
  }

  /** Shuts a machine out, as an administrator. @returns the folders of its sessions */
  async remove(login: string): Promise<string[]> {
    return await removeLogin(login, this.#plan);
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
    return await openConnection(this.#plan, {
      onLost: (client) => this.#drop(client),
      onNews: (payload) => this.#onNotification(payload),
    });
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
