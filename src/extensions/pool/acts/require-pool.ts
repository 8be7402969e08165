import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { OFFERED, PARKED } from '../../../core/session/layout/fence.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { readPoolFile } from '../pool-file.ts';
import { requireStanding } from './membership.ts';

/** @returns the owner of a session that no machine has */
export async function requirePool(
  { filePath, mainRepo }: Pick<Project, 'filePath' | 'mainRepo'>,
  context: Pick<ActionContext, 'env' | 'home' | 'host' | 'clock'>,
): Promise<string> {
  const file = await readPoolFile(context.home);
  const membership = file?.pools.find(({ config, leaving }) => config === filePath && !leaving);
  if (membership === undefined) throw POOL_ERRORS.pool_not_joined({ mainRepo });
  await requireStanding(membership, { mainRepo }, context);
  return membership.database === undefined ? PARKED : OFFERED;
}
