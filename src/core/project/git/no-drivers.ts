import { configEntries } from './config.ts';
import { type GitOptions, runGit } from './git.ts';
import type { Setting } from './git-programs.ts';

/** A merge driver would run outside the guard, so a file that needs one is reported as a conflict. */
export async function noDrivers(clone: GitOptions): Promise<Setting[]> {
  const drivers = (await configEntries(clone)).filter(({ key }) => /^merge\..*\.driver$/s.test(key));
  return drivers.map(({ key }) => [key, 'false']);
}

/**
 * Merges two commits into a tree, in no working copy. What git writes goes into the objects of `options`.
 * @returns `unable` where this git cannot (before 2.38), or has failed
 */
export async function mergeTree(
  ours: string,
  theirs: string,
  options: GitOptions,
): Promise<{ kind: 'tree'; tree: string } | { kind: 'conflicts'; files: string[] } | { kind: 'unable' }> {
  const { exitCode, stdout } = await runGit(
    ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', ours, theirs],
    { ...options, config: [...(options.config ?? []), ...(await noDrivers(options))], allowFailure: true },
  );
  const [tree = '', ...files] = stdout.split('\0').filter(Boolean);
  if (exitCode === 0) return { kind: 'tree', tree };
  return exitCode === 1 ? { kind: 'conflicts', files } : { kind: 'unable' };
}
