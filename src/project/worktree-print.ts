import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { statsAt } from '../base/look-at.ts';
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
    const state = name.endsWith('/') ? await headOfRepository(path) : stampOf(path);
    hash.update(`${name}\0${state}\n`);
  }
  return hash.digest('hex');
}

function stampOf(path: string): string {
  const stats = statsAt(path);
  return `${stats?.size} ${stats?.mtimeMs}`;
}
