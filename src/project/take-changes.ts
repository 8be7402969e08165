import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { type CheckpointStore, partOptions } from './checkpoint-store.ts';
import { type Comparison, compareFiles } from './compare-files.ts';
import type { LastCheckpoint } from './last-checkpoint.ts';
import { identityOf } from './path-state.ts';
import { ownGitDir } from './ref-files.ts';
import { listDifferent, listTrackedThoughIgnored, unknownTo } from './take-files.ts';

export interface TakenChanges extends Comparison {
  /** For `LastCheckpoint`. */
  ownIndex: string;
}

/** Beyond it, bringing the private index up to date costs less than knowing so much beside it. */
const MAX_BEYOND_INDEX = 1000;

/**
 * What differs in the worktree from the last checkpoint. The private index stays as it is: what stands
 * beyond it is remembered beside it, so that one listing tells all, and bytes and memory never disagree.
 * @returns undefined when there is too much: bring the index up to the files
 */
export async function takeChanges(
  store: CheckpointStore,
  folder: string,
  last: LastCheckpoint,
): Promise<TakenChanges | undefined> {
  if (!store.hasModes) return undefined;
  const ownIndex = await ownIndexOf(folder);
  const [listed, tracked] = await Promise.all([
    listDifferent(store, { part: 'worktree', folder }),
    ownIndex === last.ownIndex ? [] : listTrackedThoughIgnored(store, folder),
  ]);
  const known = last.beyondIndex;
  const names = new Set([...listed, ...known.map(([name]) => name)]);
  const unheardOf = tracked.filter((name) => !names.has(name));
  for (const name of await unknownTo(partOptions(store, 'worktree', folder), unheardOf)) names.add(name);
  if (names.size > MAX_BEYOND_INDEX) return undefined;
  return { ...(await compareFiles(store, folder, { names, known })), ownIndex };
}

async function ownIndexOf(worktreePath: string): Promise<string> {
  const gitDir = await ownGitDir(worktreePath);
  return identityOf(gitDir ? await ifExists(lstat(join(gitDir, 'index'), { bigint: true })) : undefined);
}
