import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { readPoolFile } from '../pool-file.ts';

/** @returns true */
export async function requirePool(
  { filePath, mainRepo }: Pick<Project, 'filePath' | 'mainRepo'>,
  { home }: Pick<ActionContext, 'home'>,
): Promise<true> {
  const file = await readPoolFile(home);
  const isIn = file?.pools.some(({ config, leaving }) => config === filePath && !leaving);
  if (!isIn) throw POOL_ERRORS.pool_not_joined({ mainRepo });
  return true;
}
