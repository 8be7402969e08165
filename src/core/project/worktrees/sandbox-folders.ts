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
  const [now, before] = dataFolders(worktreesDir).map((root) => join(root, session)) as [string, string];
  return statsAt(before) === undefined ? now : before;
}

/** The folders with the data of all sessions; the second as earlier versions named it. */
export function dataFolders(worktreesDir: string): string[] {
  return ['_data', '.data'].map((name) => join(worktreesDir, name));
}

export function dataFolderOf(worktreePath: string): string {
  return dataFolder(dirname(worktreePath), basename(worktreePath));
}

/** Like `sandboxFolders`, for the session of a worktree. */
export function sandboxOf(worktreePath: string): string {
  return sandboxFolders(dirname(worktreePath), basename(worktreePath)).own;
}
