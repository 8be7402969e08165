import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere } from '../base/errors.ts';
import { gitDirOf } from '../base/git-pointer.ts';
import { type CheckpointStore, partOptions } from './checkpoint-store.ts';
import { type Comparison, compareFiles } from './compare-files.ts';
import { namesOnlyIn } from './index-names.ts';
import type { LastCheckpoint } from './last-checkpoint.ts';
import { pathAt } from './path-bytes.ts';
import { identityOf } from './path-state.ts';
import { settleIndex } from './settle-index.ts';
import { listDifferent, listTrackedThoughIgnored, unknownTo } from './take-files.ts';

export interface TakenChanges extends Comparison {
  /** For `LastCheckpoint`. */
  ownIndex: string;
  isSettled: boolean;
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
  const isSettled = last.isSettled || (await settleIndex(store, folder));
  const indexPath = await ownIndexPath(folder);
  const ownIndex = identityOf(indexPath ? ifThere(() => lstatSync(indexPath, { bigint: true })) : undefined);
  const [listed, tracked] = await Promise.all([
    listDifferent(store, { part: 'worktree', folder }),
    ownIndex === last.ownIndex ? [] : trackedUnknown(store, folder, indexPath),
  ]);
  const known = last.beyondIndex;
  const names = new Set([...listed, ...known.map(([name]) => name)]);
  for (const name of tracked) if (!names.has(name) && existsSync(pathAt(folder, name))) names.add(name);
  if (names.size > MAX_BEYOND_INDEX) return undefined;
  return { ...(await compareFiles(store, folder, { names, known })), ownIndex, isSettled };
}

async function ownIndexPath(worktreePath: string): Promise<string | undefined> {
  const gitDir = await gitDirOf(worktreePath);
  return gitDir && join(gitDir, 'index');
}

/** Files that the worktree's own index has and ours does not: tracked though ignored, unless they are gone. */
async function trackedUnknown(
  store: CheckpointStore,
  folder: string,
  indexPath: string | undefined,
): Promise<string[]> {
  const ours = partOptions(store, 'worktree', folder);
  const names = indexPath
    ? await namesOnlyIn(indexPath, join(store.dir, 'worktree.index'), store.hash)
    : undefined;
  return names ?? (await unknownTo(ours, await listTrackedThoughIgnored(store, folder)));
}
