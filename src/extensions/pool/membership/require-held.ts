import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { SessionFile } from '../../../core/session/events/bodies/session-file.ts';
import type { SessionPaths } from '../../../core/session/layout/paths.ts';
import { sessionRef } from '../board/git-remote.ts';
import { MEMBERS_REF, standingIn } from '../members/member-list.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { readPoolFile } from '../pool-file.ts';
import { readOwnership } from '../states/ownership-record.ts';
import { poolAt } from './require-membership.ts';

/**
 * Compares the session's ref on the remote with what this machine published last.
 * @throws session_moved, pool_removed, or remote_unread if the remote cannot be reached
 */
export async function requireHeldBy(
  { file, paths }: { file: SessionFile; paths: SessionPaths },
  context: Pick<ActionContext, 'env' | 'home' | 'host' | 'clock'>,
): Promise<void> {
  const { configPath, mainRepo, id, folder: session } = file;
  const membership = (await readPoolFile(context.home))?.pools.find(({ config }) => config === configPath);
  if (membership === undefined) return;
  const { remote, lists } = poolAt(membership, { mainRepo }, context);
  const ref = sessionRef(id);
  // Read before and after the remote, because the supervisor may publish in the meantime.
  const before = readOwnership(paths);
  const refs = await remote.list(ref, MEMBERS_REF).catch((cause: unknown) => {
    throw POOL_ERRORS.remote_unread({ session }, { cause });
  });
  const after = readOwnership(paths);
  // Its supervisor may not run. The supervisor also reports a list that is not accepted.
  await lists.refresh(refs.get(MEMBERS_REF)).catch(() => undefined);
  if (standingIn(await lists.kept(), membership.id) === 'removed')
    throw POOL_ERRORS.pool_removed({ host: membership.name });
  const own = [before, after].flatMap((record) => [record?.published, record?.sending]);
  const there = refs.get(ref);
  // It ended long ago, left the pool, and was continued here.
  if (there === undefined && before === undefined && after === undefined) return;
  if (there === undefined || !own.includes(there)) throw POOL_ERRORS.session_moved({ session });
}
