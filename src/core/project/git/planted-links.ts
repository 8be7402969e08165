import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';

export interface PlantedLinks {
  commonDir: string;
  /** Absent before the session has a worktree. */
  worktreePath: string | undefined;
}

/**
 * Removes symbolic links from git's logs and the worktree's index, where git creates none: any git,
 * the user's own included, would write through them.
 */
export async function removePlantedLinks({ commonDir, worktreePath }: PlantedLinks): Promise<void> {
  removeLinksBelow(join(commonDir, 'logs'));
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
