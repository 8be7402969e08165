import { join, resolve } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { readExecuting } from './executing-settings.ts';
import { commonDirOf, type GitContext } from './repository.ts';

/** Whether a push from the main checkout by hand would run a hook, which a push of ours does not run. */
export async function hasPrePushHook(mainRepo: string, context: GitContext): Promise<boolean> {
  const commonDir = await commonDirOf(mainRepo, context);
  const { outside, repository } = await readExecuting({ commonDir, worktreePath: mainRepo }, context);
  const settings = [...outside, ...repository];
  if (settings.some(([key]) => /^hook\..+\.command$/s.test(key))) return true;
  const named = settings.findLast(([key]) => key === 'core.hookspath')?.[1];
  const folder = named?.replace(/^~(?=\/|$)/, () => context.baseEnv.HOME ?? '~') ?? join(commonDir, 'hooks');
  return statsAt(resolve(mainRepo, folder, 'pre-push')) !== undefined;
}
