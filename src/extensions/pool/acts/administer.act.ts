import type { ActionContext } from '../../../core/caller/context/context.ts';
import { databaseOf } from '../membership/open-member.ts';
import { requirePerson } from '../membership/require-membership.ts';
import { requireNoPassword } from './join.act.ts';

/** Makes the database ready for the machines of a pool. With the login of an administrator, which is no machine's. */
export async function preparePool(database: string, context: ActionContext): Promise<void> {
  await requirePerson(context, 'pool prepare --database <url>');
  requireNoPassword(database);
  await using board = await databaseOf({ database }, context);
  await board.prepare();
}

/**
 * Shuts a machine out of a pool: it can no longer log in, its connections end, and its sessions are open to others.
 * @returns their folders
 */
export async function removeMachine(
  { database, login }: { database: string; login: string },
  context: ActionContext,
): Promise<string[]> {
  await requirePerson(context, `pool remove ${login} --database <url>`);
  requireNoPassword(database);
  await using board = await databaseOf({ database }, context);
  return await board.remove(login);
}
