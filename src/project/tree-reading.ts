import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../base/errors.ts';
import { runGit } from './git.ts';
import type { GitContext } from './repository.ts';

/** What a worktree looked like at one moment, to tell later whether anything in it was changed. */
export const TreeReading = z.object({
  /** The commit that is checked out. */
  head: z.string(),
  /** Fingerprint of everything that differs from it: which files, their sizes and times. */
  uncommitted: z.string(),
});
export type TreeReading = z.infer<typeof TreeReading>;

/** @returns undefined when the folder is gone or is no worktree any more */
export async function readTree(worktreePath: string, context: GitContext): Promise<TreeReading | undefined> {
  const options = { ...context, cwd: worktreePath, allowFailure: true };
  const head = await runGit(['rev-parse', '--verify', 'HEAD'], options);
  if (head.exitCode !== 0) return undefined;
  const status = await runGit(
    ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames'],
    options,
  );
  const hash = createHash('sha256').update(status.stdout);
  // A file that was dirty before and is dirty still has the same status line: its size and time tell.
  for (const entry of status.stdout.split('\0')) {
    const stats = entry === '' ? undefined : await ifExists(lstat(join(worktreePath, entry.slice(3))));
    hash.update(`${entry}\0${stats?.size}\0${stats?.mtimeMs}\n`);
  }
  return { head: head.stdout.trim(), uncommitted: hash.digest('hex') };
}
