import pg from 'pg';
import type { Clock } from '../../../core/kernel/clock.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import type { HostInfo } from './board.ts';

export interface PostgresPlan {
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

/** @throws a pool's error for whatever is wrong with the server or the login */
export async function openConnection(
  { database: connectionString, limitMs }: Pick<PostgresPlan, 'database' | 'limitMs'>,
  {
    onLost,
    onNews,
  }: { onLost?: (client: pg.Client) => void; onNews?: (payload: string | undefined) => void } = {},
): Promise<pg.Client> {
  const limits = { query_timeout: limitMs, connectionTimeoutMillis: limitMs };
  const client = new pg.Client({
    connectionString,
    ...limits,
    keepAlive: true,
    application_name: 'samocode',
  });
  client.on('error', () => onLost?.(client));
  client.on('notification', ({ payload }) => onNews?.(payload));
  try {
    await client.connect();
    // Not when connecting: poolers refuse it there.
    await client.query(`set statement_timeout = ${limitMs}`);
    return client;
  } catch (error) {
    // The connection is abandoned, so an error on closing it does not matter.
    void client.end().catch(() => undefined);
    throw asPoolError(error);
  }
}

/** The version of the schema; 0 without one. */
export async function versionOf(client: pg.Client): Promise<number> {
  const table = await client.query<{ found: string | null }>(
    `select to_regclass('samocode_pool.schema') as found`,
  );
  if (table.rows[0]?.found == null) return 0;
  const { rows } = await client.query<{ version: number }>('select version from samocode_pool.schema');
  return rows[0]?.version ?? 0;
}

/** A login that may no longer log in, is gone, or has another password. */
const NOT_ADMITTED = ['28000', '28P01'];

export function asPoolError(error: unknown, host?: HostInfo): Error {
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
