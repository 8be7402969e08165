import { constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { mayAccess } from '../../kernel/files/path-stats.ts';
import { configEntries } from './config.ts';
import { commonDirOf, type GitContext } from './repository.ts';

/** What a push from the main checkout by hand would run, and a push of ours does not: a file, or a setting. */
export async function prePushHook(mainRepo: string, context: GitContext): Promise<string | undefined> {
  const entries = await configEntries({ ...context, cwd: mainRepo });
  const own = entries.filter(({ scope }) => scope !== 'command');
  const setting = own.find(({ key }) => /^hook\..+\.command$/s.test(key));
  if (setting !== undefined) return setting.key;
  const named = own.findLast(({ key }) => key === 'core.hookspath')?.value;
  const folder = named?.replace(/^~(?=\/|$)/, () => context.baseEnv.HOME ?? '~');
  const path = resolve(mainRepo, folder ?? join(await commonDirOf(mainRepo, context), 'hooks'), 'pre-push');
  return mayAccess(path, constants.X_OK) ? path : undefined;
}
