import pg from 'pg';
import { POOL_ERRORS } from '../pool-errors.ts';
import { asPoolError, openConnection, type PostgresPlan, versionOf } from './postgres-connection.ts';
import { IS_MACHINE, ROLES, SCHEMA, TAKE_CLAIMS, VERSION } from './postgres-schema.ts';

const NOT_OWNER = 'it does not own the schema samocode_pool';
/** Tenths of a second until the connections of a removed machine have ended. */
const MAX_ENDINGS = 100;

/** Creates or updates the schema, as a login that is no machine's. Roles too, if it may create them. */
export async function prepareDatabase(plan: PostgresPlan): Promise<void> {
  const client = await openConnection(plan);
  try {
    await requireOwnConnection(client, plan);
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
export async function requireFitLogin(plan: PostgresPlan): Promise<string> {
  const client = await openConnection(plan);
  try {
    await requireOwnConnection(client, plan);
    const found = await versionOf(client);
    if (found !== VERSION) throw POOL_ERRORS.pool_schema_other({ found, expected: VERSION });
    const { instance, leaseMs } = plan;
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
export async function removeLogin(login: string, plan: PostgresPlan): Promise<string[]> {
  const client = await openConnection(plan);
  try {
    // Not an administrator's own login, nor one that has nothing to do with the pool.
    if ((await client.query(IS_MACHINE, [login])).rowCount === 0) throw POOL_ERRORS.pool_no_login({ login });
    await client.query(`alter role ${pg.escapeIdentifier(login)} nologin`);
    const end = 'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1';
    for (let tries = 1; ((await client.query(end, [login])).rowCount ?? 0) > 0; tries += 1) {
      if (tries === MAX_ENDINGS) throw POOL_ERRORS.pool_not_ended({ login });
      await plan.clock.sleep(100);
    }
    const { rows } = await client.query<{ folder: string }>(TAKE_CLAIMS, [login]);
    return rows.map(({ folder }) => folder);
  } catch (error) {
    throw asPoolError(error);
  } finally {
    await client.end();
  }
}

/** In a pooler that lends a connection for one transaction, no news would arrive. @throws pool_database_pooled */
async function requireOwnConnection(client: pg.Client, plan: PostgresPlan): Promise<void> {
  const other = await openConnection(plan);
  const pids: unknown[] = [];
  for (const each of [client, other, client])
    pids.push((await each.query('select pg_backend_pid() as pid')).rows[0].pid);
  await other.end();
  if (pids[0] !== pids[2] || pids[0] === pids[1]) throw POOL_ERRORS.pool_database_pooled();
}
