import { basename, dirname, join, resolve } from 'node:path';
import { plainGitDirIn } from '../../kernel/files/git-pointer.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { runGit } from './git.ts';
import { realPathAsFar } from './real-path.ts';
import type { GitContext } from './repository.ts';

export interface ListedWorktree {
  path: string;
  /** Absent without a commit, and in a bare repository. */
  head?: string;
  /** Short name; absent when no branch is checked out. */
  branch?: string;
  /** Its folder is gone, or no longer points back. */
  prunable: boolean;
  /**
   * The reason why git must not remove it, in the words of the user or git; empty if it is locked without a reason.
   */
  locked?: string;
}

/** The reason with which git locks a worktree during checkout; an interrupted git leaves it locked. */
export const HALF_MADE = 'initializing';

/** @param mainRepo the top folder of a checkout: the main one, or a linked worktree */
export async function listWorktrees(mainRepo: string, context: GitContext): Promise<ListedWorktree[]> {
  // Not -z, which git before 2.36 does not know; our paths contain no line break.
  const { stdout } = await runGit(['worktree', 'list', '--porcelain'], { ...context, cwd: mainRepo });
  const listed = parseWorktreeList(stdout);
  const [main] = listed;
  if (main?.head === undefined || (await entryAt(mainRepo, listed))) return listed;
  // git takes the folder around the git folder for the main checkout, or the git folder itself: wrong where `.git` is a
  // link, or a file that names a folder elsewhere.
  return [{ ...main, path: mainRepo }, ...listed.slice(1)];
}

const MAX_POINTER_BYTES = 64 * 1024;

/**
 * The folders of all existing worktrees, from the files by which git knows them: no git is started.
 * @param commonDir the git folder that they share; without it in a `.git`, the repository has no main checkout
 */
export async function worktreeFolders(commonDir: string): Promise<string[]> {
  const folders = basename(commonDir) === '.git' ? [dirname(commonDir)] : [];
  for (const name of namesAt(join(commonDir, 'worktrees')) ?? []) {
    const own = join(commonDir, 'worktrees', name);
    const pointer = (await plainText(join(own, 'gitdir'), MAX_POINTER_BYTES))?.trimEnd();
    if (pointer) folders.push(dirname(resolve(own, pointer)));
  }
  return folders.filter((folder) => statsAt(folder)?.isDirectory());
}

/**
 * Whether git knows neither a worktree at this path nor a branch of this name, by the files in which it keeps both. False
 * also where these do not tell, and git has to be asked.
 */
export async function areUnknown(mainRepo: string, path: string, branch: string): Promise<boolean> {
  const gitDir = await plainGitDirIn(mainRepo);
  if (gitDir === undefined) return false;
  const [at, ref] = [(...names: string[]) => join(gitDir, ...names), `refs/heads/${branch}`];
  if (statsAt(at('reftable')) || statsAt(at(ref))) return false;
  const packed = statsAt(at('packed-refs')) ? await plainText(at('packed-refs'), MAX_PACKED_BYTES) : '';
  if (packed === undefined || packed.includes(` ${ref}\n`)) return false;
  const real = await realPathAsFar(path);
  const linked = (namesAt(at('worktrees')) ?? []).map((name) => at('worktrees', name));
  for (const own of [gitDir, ...linked]) {
    const head = await plainText(join(own, 'HEAD'), MAX_POINTER_BYTES);
    if (head === undefined || head.trimEnd() === `ref: ${ref}`) return false;
    const pointer = own === gitDir ? mainRepo : await plainText(join(own, 'gitdir'), MAX_POINTER_BYTES);
    if (!pointer || (await realPathAsFar(dirname(resolve(own, pointer.trimEnd())))) === real) return false;
  }
  return true;
}

const MAX_PACKED_BYTES = 64 * 1024 * 1024;

/** The listed worktree whose top folder is `path`, links resolved. */
export async function entryAt(
  path: string,
  listed: readonly ListedWorktree[],
): Promise<ListedWorktree | undefined> {
  const real = await realPathAsFar(path);
  for (const entry of listed) if ((await realPathAsFar(entry.path)) === real) return entry;
  return undefined;
}

export function parseWorktreeList(text: string): ListedWorktree[] {
  return text
    .split('\n\n')
    .map((block) => {
      const lines = block.split('\n');
      const after = (name: string) =>
        lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
      const branch = after('branch')?.replace(/^refs\/heads\//, '');
      const head = after('HEAD');
      const locked = lines.includes('locked') ? '' : after('locked');
      return {
        path: after('worktree') ?? '',
        prunable: lines.some((line) => /^prunable(?: |$)/.test(line)),
        head,
        branch,
        ...(locked === undefined ? {} : { locked }),
      };
    })
    .filter(({ path }) => path !== '');
}
