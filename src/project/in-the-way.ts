import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';
import { runGit } from './git.ts';

export interface TreeMove {
  folder: string;
  /** The tree of the files as they stand, ignored ones aside. */
  current: string;
  target: string;
}

/**
 * Files that git does not know and that stand where files of `target` belong: ignored ones, mostly. They are kept
 * before anything is put in their place. Links are looked at, never followed.
 * @throws InTheWayError for what no checkpoint can hold
 */
export async function filesInTheWay(store: CheckpointStore, move: TreeMove): Promise<string[]> {
  const { folder, current, target } = move;
  const options = { ...repositoryOptions(store), maxChars: 128 * 1024 * 1024 };
  const added = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=AT', current, target];
  const { stdout } = await runGit(added, options);
  const known = new Set<string>();
  const found = new Set<string>();
  for (const name of stdout.split('\0').filter(Boolean)) {
    const obstacle = await firstObstacle(folder, name, known);
    if (obstacle !== undefined) for (const file of await filesOf(folder, obstacle)) found.add(file);
  }
  return [...found];
}

/** The topmost part of a path that is not the folder it would have to be, or the file itself. */
async function firstObstacle(folder: string, name: string, known: Set<string>): Promise<string | undefined> {
  for (const parent of parentsOf(name)) {
    if (known.has(parent)) continue;
    const stats = await ifExists(lstat(join(folder, parent)));
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) return parent;
    known.add(parent);
  }
  return (await ifExists(lstat(join(folder, name)))) === undefined ? undefined : name;
}

function parentsOf(name: string): string[] {
  const parents: string[] = [];
  for (let parent = dirname(name); parent !== '.'; parent = dirname(parent)) parents.unshift(parent);
  return parents;
}

const MAX_FILE_BYTES = 50 * 1024 * 1024;

async function filesOf(folder: string, name: string): Promise<string[]> {
  const stats = await lstat(join(folder, name));
  if (stats.isFile() && stats.size > MAX_FILE_BYTES) throw new InTheWayError(name, 'It is larger than 50 MB');
  if (stats.isFile() || stats.isSymbolicLink()) return [name];
  if (!stats.isDirectory()) throw new InTheWayError(name, 'It is neither file, link nor folder');
  const names = await readdir(join(folder, name));
  if (names.some((each) => each.toLowerCase() === '.git')) {
    throw new InTheWayError(name, 'It is a repository of its own');
  }
  const below = await Promise.all(names.map((each) => filesOf(folder, join(name, each))));
  return below.flat();
}

class InTheWayError extends SamocodeError {
  readonly code = 'in_the_way';

  constructor(path: string, why: string) {
    super(
      'Nothing was changed.',
      `${path} stands where a file must be put back. ${why}, so no checkpoint could hold it for an undo.`,
      `Move ${path} out of the worktree, then rewind again.`,
    );
  }
}
