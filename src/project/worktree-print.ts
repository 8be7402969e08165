import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ifExists } from '../base/errors.ts';
import type { Checkpoint } from './checkpoint.ts';
import { headOfRepository } from './ref-files.ts';

/**
 * Fingerprint of a worktree as a checkpoint has it: equal ones are the same commit and the same bytes, ignored
 * files aside. What no checkpoint takes counts by its size and time, a repository in it by its own commit.
 */
export async function worktreePrint(
  worktreePath: string,
  { head, worktreeTree, skipped }: Pick<Checkpoint, 'head' | 'worktreeTree' | 'skipped'>,
): Promise<string> {
  const hash = createHash('sha256').update(`${head} ${worktreeTree}\n`);
  for (const name of skipped) {
    const path = resolve(worktreePath, name);
    const state = name.endsWith('/') ? await headOfRepository(path) : await stampOf(path);
    hash.update(`${name}\0${state}\n`);
  }
  return hash.digest('hex');
}

async function stampOf(path: string): Promise<string> {
  const stats = await ifExists(lstat(path));
  return `${stats?.size} ${stats?.mtimeMs}`;
}
