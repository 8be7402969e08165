import { basename, dirname, join } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';

/**
 * The folders in which a session's sandbox keeps its home, temporary files and sockets, and those in which a
 * project keeps the caches that its sessions share.
 * @param worktreesDir absolute, without links
 */
export function sandboxFolders(worktreesDir: string, session: string): { own: string; caches: string } {
  const root = join(worktreesDir, '.sandbox');
  return { own: join(root, session), caches: join(root, '.caches') };
}

/**
 * The data of the services of a session: outside of its worktree and of checkpoints. Absolute. What an earlier version
 * began stays where it lies: services serve it.
 */
export function dataFolder(worktreesDir: string, session: string): string {
  const before = join(worktreesDir, '.data', session);
  return statsAt(before) === undefined ? join(worktreesDir, '_data', session) : before;
}

export function dataFolderOf(worktreePath: string): string {
  return dataFolder(dirname(worktreePath), basename(worktreePath));
}

/** Like `sandboxFolders`, for the session of a worktree. */
export function sandboxOf(worktreePath: string): string {
  return sandboxFolders(dirname(worktreePath), basename(worktreePath)).own;
}
