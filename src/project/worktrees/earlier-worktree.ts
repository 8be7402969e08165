import { isAbsolute } from 'node:path';
import type { GitContext } from '../git/repository.ts';
import { type ListedWorktree, listWorktrees } from '../git/worktree-list.ts';
import { entryAt } from './worktree.ts';

/**
 * The worktree of the repository whose folder is `path`, as a notebook of the original tool names it; never the
 * main checkout, nor one whose folder is gone. @throws GitError
 */
export async function earlierWorktree(
  path: string,
  mainRepo: string,
  context: GitContext,
): Promise<ListedWorktree | undefined> {
  if (!isAbsolute(path)) return undefined;
  const [_main, ...linked] = await listWorktrees(mainRepo, context);
  const entry = await entryAt(path, linked);
  return entry?.prunable ? undefined : entry;
}
