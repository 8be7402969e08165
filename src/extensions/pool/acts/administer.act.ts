import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { PostgresBoard } from '../board/postgres-board.ts';
import { databaseOf } from '../membership/open-member.ts';
import { requirePerson } from '../membership/require-membership.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { requireNoPassword } from './join.act.ts';

/** Makes the database ready for the machines of a pool. With the login of an administrator, which is no machine's. */
export async function preparePool(database: string | undefined, context: ActionContext): Promise<void> {
  await using board = await asAdministrator(database, 'pool prepare --database <url>', context);
  await board.prepare();
}

/**
 * Shuts a machine out of a pool: it can no longer log in, its connections end, and its sessions are open to others.
 * @returns their folders
 */
export async function removeMachine(
  { database, login }: { database?: string | undefined; login: string },
  context: ActionContext,
): Promise<string[]> {
  await using board = await asAdministrator(database, `pool remove ${login} --database <url>`, context);
  return await board.remove(login);
}

async function asAdministrator(
  database: string | undefined,
  command: string,
  context: ActionContext,
): Promise<PostgresBoard> {
  await requirePerson(context, command);
  if (database === undefined) throw POOL_ERRORS.pool_needs_administrator();
  requireNoPassword(database);
  return await databaseOf({ database }, context);
}
