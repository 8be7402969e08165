import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { SessionFile } from '../../../core/session/events/bodies/session-file.ts';
import type { SessionPaths } from '../../../core/session/layout/paths.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { joinedPool, readPoolFile } from '../pool-file.ts';
import { readOwnership } from '../states/ownership-record.ts';
import { databaseOf } from './open-member.ts';

/**
 * Asks the database whether this machine has the session.
 * @throws session_moved, pool_removed, or database_unread if the database cannot be reached
 */
export async function requireHeldBy(
  { file, paths }: { file: SessionFile; paths: SessionPaths },
  context: Pick<ActionContext, 'home' | 'host' | 'clock'>,
): Promise<void> {
  const { configPath, id, folder: session } = file;
  const membership = (await readPoolFile(context.home))?.pools.find(({ config }) => config === configPath);
  if (membership === undefined) return;
  const { login, ...pool } = joinedPool(membership);
  await using board = await databaseOf(pool, context);
  const entry = await board.read(id).catch((cause: unknown) => {
    throw POOL_ERRORS.pool_removed.is(cause) ? cause : POOL_ERRORS.database_unread({ session }, { cause });
  });
  const record = readOwnership(paths);
  // It ended long ago, left the pool, and was continued here.
  if (entry === undefined && record === undefined) return;
  if (entry?.host !== login || entry.epoch !== record?.epoch) throw POOL_ERRORS.session_moved({ session });
}
