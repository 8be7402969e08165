import { lstat, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { runGit } from '../git/git.ts';
import { listing, namesIn, pathAt, readable } from '../git/path-bytes.ts';
import { WORKTREE_ERRORS } from '../git/worktree-errors.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';
import { MAX_FILE_BYTES } from './path-state.ts';

export interface TreeMove {
  folder: string;
  /** The tree of the files as they stand, ignored ones aside. */
  current: string;
  target: string;
}

/**
 * Files that git does not know and that stand where files of `target` belong: ignored ones, mostly. They are kept
 * before anything is put in their place. Links are looked at, never followed.
 * @returns names as git lists them
 * @throws in_the_way for what no checkpoint can hold
 */
export async function filesInTheWay(store: CheckpointStore, move: TreeMove): Promise<string[]> {
  const { folder, current, target } = move;
  const added = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=AT', current, target];
  const { stdout } = await runGit(added, listing(repositoryOptions(store)));
  const known = new Set<string>();
  const found = new Set<string>();
  for (const name of namesIn(stdout)) {
    const obstacle = await firstObstacle(folder, name, known);
    if (obstacle !== undefined) for (const file of await filesOf(folder, obstacle)) found.add(file);
  }
  return [...found];
}

/** The topmost part of a path that is not the folder it would have to be, or the file itself. */
async function firstObstacle(folder: string, name: string, known: Set<string>): Promise<string | undefined> {
  for (const parent of parentsOf(name)) {
    if (known.has(parent)) continue;
    const stats = await ifExists(lstat(pathAt(folder, parent)));
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) return parent;
    known.add(parent);
  }
  return (await ifExists(lstat(pathAt(folder, name)))) === undefined ? undefined : name;
}

function parentsOf(name: string): string[] {
  const parents: string[] = [];
  for (let parent = dirname(name); parent !== '.'; parent = dirname(parent)) parents.unshift(parent);
  return parents;
}

async function filesOf(folder: string, name: string): Promise<string[]> {
  const stats = await lstat(pathAt(folder, name));
  if (stats.isFile() && stats.size > MAX_FILE_BYTES)
    throw inTheWay(name, `It is larger than ${MAX_FILE_BYTES / 1024 / 1024} MB`);
  if (stats.isFile() || stats.isSymbolicLink()) return [name];
  if (!stats.isDirectory()) throw inTheWay(name, 'It is not a file, link or folder');
  const entries = await readdir(pathAt(folder, name), { encoding: 'buffer' });
  const names = entries.map((entry) => entry.toString('latin1'));
  if (names.some((each) => each.toLowerCase() === '.git')) {
    throw inTheWay(name, 'It is a separate repository');
  }
  const below = await Promise.all(names.map((each) => filesOf(folder, `${name}/${each}`)));
  return below.flat();
}

/** @param name as git lists it */
function inTheWay(name: string, because: string) {
  return WORKTREE_ERRORS.in_the_way({ path: readable(name), because });
}
