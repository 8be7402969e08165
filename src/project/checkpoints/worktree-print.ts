import { dirname, resolve } from 'node:path';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { gitLine } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import type { Checkpoint } from './checkpoint.ts';

export interface WorktreePrints {
  /** Equal ones are the same commit and the same bytes, ignored files aside. */
  worktree: string;
  /** Of what no checkpoint takes: sizes and times, and the commit of a repository inside, a submodule for one. */
  leftOut: string;
}

/** Fingerprints of a worktree as a checkpoint has it. */
export async function worktreePrints(
  worktreePath: string,
  { head, worktreeTree, skipped }: Pick<Checkpoint, 'head' | 'worktreeTree' | 'skipped'>,
  context: GitContext,
): Promise<WorktreePrints> {
  const states = await Promise.all(
    skipped.map(async (name) => {
      const path = resolve(worktreePath, name);
      return `${name}\0${name.endsWith('/') ? await headOf(path, context) : stampOf(path)}\n`;
    }),
  );
  const leftOut = fingerprint(...states);
  return { worktree: fingerprint(`${head} ${worktreeTree}\n`, leftOut), leftOut };
}

/** Undefined where none can be read; never that of the repository around it. */
async function headOf(repository: string, context: GitContext): Promise<string | undefined> {
  const env = { GIT_CEILING_DIRECTORIES: dirname(repository) };
  // Its settings are its own. This reads no object, so that none is fetched by them.
  const options = { baseEnv: context.baseEnv, cwd: repository, env, allowFailure: true };
  return await gitLine(['rev-parse', '--verify', '--quiet', 'HEAD'], options).catch(() => undefined);
}

function stampOf(path: string): string {
  const stats = statsAt(path);
  return `${stats?.size} ${stats?.mtimeMs}`;
}
