import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorCode } from '../../base/errors.ts';
import { plainText } from '../../base/files/plain-file.ts';
import { gitLine } from '../git/git.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import type { GitContext } from '../git/repository.ts';

export interface LockPlace {
  worktreePath: string;
  /** The session's branch. */
  branch: string;
  context: GitContext;
}

/** Tells a lock of ours, which a rewind that was cut off has left, from one of git's. */
const OURS = 'samocode rewind\n';

/**
 * Takes git's locks of a worktree's index, its HEAD and its branch, so that no git changes them meanwhile.
 * @returns what releases them @throws git_locked for one that is taken; none is held then
 */
export async function takeLocks({ worktreePath, branch, context }: LockPlace): Promise<() => void> {
  const names = ['index.lock', 'HEAD.lock', `refs/heads/${branch}.lock`];
  const ask = ['rev-parse', '--path-format=absolute', ...names.flatMap((name) => ['--git-path', name])];
  const paths = (await gitLine(ask, { ...context, cwd: worktreePath })).split('\n');
  const taken: string[] = [];
  const release = () => {
    for (const path of taken) rmSync(path, { force: true });
  };
  try {
    for (const path of paths) {
      if (!hasFolder(path)) continue;
      if ((await plainText(path, OURS.length)) !== OURS) takeLock(path);
      taken.push(path);
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/** Made for a branch that only the packed refs hold. Where refs are kept in tables, a file stands in its place: no lock. */
function hasFolder(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return true;
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
    return false;
  }
}

function takeLock(path: string): void {
  try {
    writeFileSync(path, OURS, { flag: 'wx', flush: true });
  } catch (error) {
    throw systemErrorCode(error) === 'EEXIST' ? GIT_ERRORS.git_locked({ lock: path }) : error;
  }
}
