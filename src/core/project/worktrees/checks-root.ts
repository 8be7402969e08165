import { dirname, join } from 'node:path';
import { realFolder, statsAt } from '../../kernel/files/path-stats.ts';
import { pathInside } from '../git/real-path.ts';

/**
 * Where checks run on clones: next to the worktrees, on the same disk, and read-only for agents in the guard. No part
 * of the name begins with a dot: web servers and watchers leave such folders out.
 */
export function checksRoot(worktreesDir: string): string {
  return join(worktreesDir, '_checks');
}

/** Also the name that earlier versions used, for what they left. */
export function checksRoots(worktreesDir: string): string[] {
  return [checksRoot(worktreesDir), join(worktreesDir, '.checks')];
}

/**
 * Like `checksRoot`, without a guard that hides the parent folders: outside home, if neither the temporary folder
 * nor one of its parents is world-writable.
 */
export function openChecksRoot(worktreesDir: string, { HOME = '', TMPDIR = '' }: NodeJS.ProcessEnv): string {
  const own = checksRoot(worktreesDir);
  const [home, temporary, worktrees] = [HOME, TMPDIR, worktreesDir].map(realFolder);
  if (!home || !temporary || !worktrees || pathInside(home, worktrees) === undefined) return own;
  for (let folder = temporary; folder !== dirname(folder); folder = dirname(folder))
    if (folder === home || ((statsAt(folder)?.mode ?? 0) & 0o002) !== 0) return own;
  return join(temporary, 'samocode-checks');
}
