import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckpointStore, partOptions } from './checkpoint-store.ts';
import { COARSEST_CLOCK_MS, fileSystemNowMs } from './file-system-now.ts';
import { runGit } from './git.ts';

/**
 * Writes the worktree's private index once more when it has come of age. One is first written in the second in which
 * its files were checked out, and git reads again, at every look, all files that are not older than their index.
 * @returns whether it is settled
 */
export async function settleIndex(store: CheckpointStore, folder: string): Promise<boolean> {
  const writtenMs = lstatSync(join(store.dir, 'worktree.index')).ctimeMs;
  if (writtenMs > fileSystemNowMs(store) - COARSEST_CLOCK_MS) return false;
  // git checks the files in question a last time, and marks those that were changed in that second.
  await runGit(['update-index', '--force-write-index'], partOptions(store, 'worktree', folder));
  return true;
}
