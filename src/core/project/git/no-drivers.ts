import { type GitOptions, runGit } from './git.ts';
import type { Setting } from './git-programs.ts';

/** A merge driver would run outside the guard, so a file that needs one is reported as a conflict. */
export async function noDrivers(clone: GitOptions): Promise<Setting[]> {
  const list = ['config', '-z', '--name-only', '--get-regexp', '^merge\\..*\\.driver$'];
  const { stdout } = await runGit(list, { ...clone, allowFailure: true });
  return stdout
    .split('\0')
    .filter(Boolean)
    .map((key): Setting => [key, 'false']);
}
