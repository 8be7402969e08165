import { join } from 'node:path';

/** Where checks run on clones. Beside the worktrees: on the same disk, and read-only for agents in the guard. */
export function checksRoot(worktreesDir: string): string {
  return join(worktreesDir, '.checks');
}

/** What SETUP has made, for all sessions that have their worktrees here; an entry for each state of the lock files. */
export function setupCacheDir(worktreesDir: string): string {
  return join(checksRoot(worktreesDir), '.cache');
}
