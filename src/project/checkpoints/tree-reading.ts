import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../../base/errors.ts';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import { GIT_STATUS, parseStatus, statusRecords } from '../git/status-entries.ts';

/** What a worktree looked like at one moment, to tell later whether anything in it was changed. */
export const TreeReading = z.object({
  /** The commit that is checked out. */
  head: z.string(),
  /** Fingerprint of everything that differs from it: which files, their sizes and times. */
  uncommitted: z.string(),
});
export type TreeReading = z.infer<typeof TreeReading>;

/** @returns undefined when the folder is gone, is no worktree any more, or has no commit */
export async function readTree(worktreePath: string, context: GitContext): Promise<TreeReading | undefined> {
  const options = { ...context, cwd: worktreePath, allowFailure: true };
  const { exitCode, stdout } = await runGit(ASK, options);
  const { head, entries } = parseStatus(stdout);
  if (exitCode !== 0 || head === undefined) return undefined;
  const states = [statusRecords(stdout).join('\0')];
  // A file that was dirty before and is dirty still has the same record: its size and time tell.
  for (const { path } of entries) {
    const stats = await ifExists(lstat(join(worktreePath, path)));
    states.push(`${path}\0${stats?.size}\0${stats?.mtimeMs}\n`);
  }
  return { head, uncommitted: fingerprint(...states) };
}

/** One call for the commit and for what differs from it. */
const ASK = [...GIT_STATUS, '--untracked-files=all', '--no-renames', '--no-ahead-behind'];
