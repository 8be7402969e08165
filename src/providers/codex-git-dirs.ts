import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { gitDirOf, sharedDirOf } from '../base/git-pointer.ts';

/**
 * The folders of git that a commit in `workingDir` writes: the repository's own and, in a worktree, the
 * worktree's part of it; both must be named, for a sandbox protects each by itself. A worktree that points
 * to another repository than `mainRepo`'s gets none: a child may have written that pointer.
 */
export async function gitDirsOf(workingDir: string, mainRepo: string): Promise<string[]> {
  const common = await commonDir(await gitDir(mainRepo));
  const own = await gitDir(workingDir);
  if (common === undefined || own === undefined) return [];
  if (own === common) return [common];
  return own.startsWith(`${common}/worktrees/`) ? [common, own] : [];
}

async function gitDir(checkout: string): Promise<string | undefined> {
  const dotGit = join(checkout, '.git');
  if ((await ifExists(stat(dotGit)))?.isDirectory()) return await realpath(dotGit);
  const pointed = await gitDirOf(checkout);
  return pointed && (await ifExists(realpath(pointed)));
}

async function commonDir(own: string | undefined): Promise<string | undefined> {
  if (own === undefined) return undefined;
  const shared = await sharedDirOf(own);
  return shared === undefined ? own : await realpath(shared);
}
