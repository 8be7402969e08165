import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { gitDirOf } from '../../base/files/git-pointer.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { commonDirOf } from './common-dir.ts';
import type { GitContext } from './repository.ts';

export interface PlantedLinks {
  mainRepo: string;
  /** Absent before the session has a worktree. */
  worktreePath: string | undefined;
}

/**
 * Removes symbolic links from git's logs and from the worktree's index, where git itself makes none: it would write
 * through them, also in the person's own hands. @throws GitError when there is no repository
 */
export async function removePlantedLinks(
  { mainRepo, worktreePath }: PlantedLinks,
  context: GitContext,
): Promise<void> {
  removeLinksBelow(join(await commonDirOf(mainRepo, context), 'logs'));
  const gitDir = worktreePath && (await gitDirOf(worktreePath).catch(() => undefined));
  if (!gitDir) return;
  removeLinksBelow(join(gitDir, 'logs'));
  removeLinksBelow(join(gitDir, 'index'));
}

function removeLinksBelow(path: string): void {
  const stats = statsAt(path);
  if (stats?.isSymbolicLink()) rmSync(path, { force: true });
  if (!stats?.isDirectory()) return;
  for (const name of namesAt(path) ?? []) removeLinksBelow(join(path, name));
}
