import { configEntries } from './config.ts';
import type { GitOptions } from './git.ts';
import type { Setting } from './git-programs.ts';

/** A merge driver would run outside the guard, so a file that needs one is reported as a conflict. */
export async function noDrivers(clone: GitOptions): Promise<Setting[]> {
  const drivers = (await configEntries(clone)).filter(({ key }) => /^merge\..*\.driver$/s.test(key));
  return drivers.map(({ key }) => [key, 'false']);
}
