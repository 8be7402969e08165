import { POOL_ERRORS } from '../../../pool/pool-errors.ts';
import { readPoolFile } from '../../../pool/pool-file.ts';
import type { Project } from '../../../project/finding/open-project.ts';
import type { ActionContext } from '../context.ts';

/** @returns true @throws pool_not_joined when this machine is in no pool for the project */
export async function requirePool(
  { filePath, mainRepo }: Pick<Project, 'filePath' | 'mainRepo'>,
  { home }: Pick<ActionContext, 'home'>,
): Promise<true> {
  const file = await readPoolFile(home);
  const isIn = file?.pools.some(({ config, leaving }) => config === filePath && !leaving);
  if (!isIn) throw POOL_ERRORS.pool_not_joined({ mainRepo });
  return true;
}
