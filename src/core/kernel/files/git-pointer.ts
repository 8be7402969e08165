import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ifThere } from '../errors.ts';
import { realFolder, statsAt } from './path-stats.ts';
import { plainText, readPlainFile } from './plain-file.ts';

/** The git folder of a linked worktree, as its `.git` file names it; undefined if there is no such file. */
export async function gitDirOf(worktreePath: string): Promise<string | undefined> {
  const pointer = /^gitdir: (.+)$/m.exec(await smallText(join(worktreePath, '.git')))?.[1];
  return pointer === undefined ? undefined : resolve(worktreePath, pointer);
}

/**
 * Whether a git folder belongs to this linked worktree: neither the shared one nor that of another existing worktree,
 * whose HEAD and index a git call would change.
 */
export async function isOwnGitDir(worktreePath: string, gitDir: string): Promise<boolean> {
  const back = (await smallText(join(gitDir, 'gitdir'))).trim();
  if (back === '') return false;
  const owner = ifThere(() => realpathSync.native(resolve(gitDir, back)));
  return owner === undefined || owner === ifThere(() => realpathSync.native(join(worktreePath, '.git')));
}

/** The git folder shared by all worktrees, as that of one worktree names it; undefined if it names none. */
export async function sharedDirOf(gitDir: string): Promise<string | undefined> {
  const shared = (await smallText(join(gitDir, 'commondir'))).trim();
  return shared === '' ? undefined : resolve(gitDir, shared);
}

/**
 * The git folder in an ordinary checkout, which all worktrees of the repository share: absolute, without links.
 * Undefined for anything else, about which git has to be asked.
 */
export async function plainGitDirIn(checkout: string): Promise<string | undefined> {
  const dir = join(checkout, '.git');
  const isFolder = (name: string) => statsAt(join(dir, name))?.isDirectory() === true;
  if (!['.', 'objects', 'refs'].every(isFolder) || statsAt(join(dir, 'commondir'))) return undefined;
  // Without a valid HEAD git looks for a repository above.
  return HEAD.test(await smallText(join(dir, 'HEAD'))) ? realFolder(dir) : undefined;
}

const HEAD = /^(?:ref: refs\/|[0-9a-f]{40,64}$)/m;

/**
 * The commit that a ref's own file names, or that of the branch which it, as a HEAD, names. Undefined for anything else
 * (packed, symbolic in another way, missing, of another format, damaged), about which git has to be asked.
 */
export async function commitInFiles(commonDir: string, ref: string): Promise<string | undefined> {
  const textOf = async (name: string) =>
    (await plainText(join(commonDir, name), MAX_BYTES).catch(() => undefined)) ?? '';
  const text = await textOf(ref);
  const branch = /^ref: (?!.*(?:\.\.|\/\/))(refs\/heads\/\S+)\n$/.exec(text)?.[1];
  return /^([0-9a-f]{40}|[0-9a-f]{64})\n$/.exec(branch === undefined ? text : await textOf(branch))?.[1];
}

// An agent can replace the file with a pipe, and opening that would hang. Links are followed, as git does.
async function smallText(path: string): Promise<string> {
  const target = ifThere(() => realpathSync.native(path));
  const reading = target === undefined ? undefined : await readPlainFile(target, MAX_BYTES);
  return reading?.kind === 'bytes' ? reading.bytes.toString() : '';
}

const MAX_BYTES = 64 * 1024;
