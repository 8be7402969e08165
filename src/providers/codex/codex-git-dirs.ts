import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { gitDirOf, sharedDirOf } from '../../base/files/git-pointer.ts';
import { OPEN_IN_GIT } from '../starting/guard-profile.ts';

/**
 * The folders of git that a commit in `workingDir` writes: the repository's own and, in a worktree, the
 * worktree's part of it; both must be named, for a sandbox protects each by itself. A worktree that points
 * to another repository than `mainRepo`'s gets none: a child may have written that pointer.
 * @param inGuard what the guard keeps read-only can't be named: Codex makes folders in whatever is
 */
export async function gitDirsOf(workingDir: string, mainRepo: string, inGuard: boolean): Promise<string[]> {
  const common = await commonDir(await gitDir(mainRepo));
  const own = await gitDir(workingDir);
  if (common === undefined || own === undefined) return [];
  if (own === common) return [common];
  if (!own.startsWith(`${common}/worktrees/`)) return [];
  return [...(inGuard ? OPEN_IN_GIT.map((name) => join(common, name)) : [common]), own];
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
