import { readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ifExists } from '../base/errors.ts';

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
  const stats = await ifExists(stat(dotGit));
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) return await realpath(dotGit);
  const pointer = /^gitdir: (.+)$/m.exec(await readFile(dotGit, 'utf8'))?.[1];
  return pointer && (await ifExists(realpath(resolve(checkout, pointer.trim()))));
}

async function commonDir(own: string | undefined): Promise<string | undefined> {
  if (own === undefined) return undefined;
  const pointer = await ifExists(readFile(join(own, 'commondir'), 'utf8'));
  return pointer === undefined ? own : await realpath(resolve(own, pointer.trim()));
}
