import { type CheckpointStore, type KeptPart, partOptions } from './checkpoint-store.ts';
import { type GitOptions, gitLine, runGit } from './git.ts';
import { bytesOf, namesIn, readable } from './path-bytes.ts';
import { type PathState, PathStates } from './path-state.ts';
import { NOT_DOCUMENTS } from './session-documents.ts';

export interface TakePlan {
  part: KeptPart;
  folder: string;
  /** Ignored files that are taken all the same, named as git lists them. */
  also?: readonly string[];
}

/**
 * Brings a part's private index up to the files of its folder. Nothing in the folder is changed.
 * @returns paths that are not taken: too large, unreadable, or a repository of their own (with a slash behind)
 */
export async function takeFiles(store: CheckpointStore, plan: TakePlan): Promise<string[]> {
  const { part, folder, also = [] } = plan;
  const options = partOptions(store, part, folder);
  const [listed, tracked] = await Promise.all([
    listDifferent(store, plan),
    part === 'worktree' ? listTrackedThoughIgnored(store, folder) : [],
  ]);
  const names = new Set([...listed, ...also, ...(await unknownTo(options, tracked))]);
  const { add, drop, skipped } = sorted(new PathStates(folder, store.hasModes), names);
  if (drop.length > 0) await update(['--force-remove'], drop, options);
  if (add.length > 0) await update(['--add', '--remove', '--replace'], add, options);
  return skipped;
}

/** The tree of what a part's index knows. */
export async function treeOf(store: CheckpointStore, { part, folder }: TakePlan): Promise<string> {
  return await gitLine(['write-tree'], partOptions(store, part, folder));
}

/** Names of files that differ from what a part's index knows, new and deleted ones too. */
export async function listDifferent(store: CheckpointStore, { part, folder }: TakePlan): Promise<string[]> {
  const rules =
    part === 'worktree' ? ['--exclude-standard'] : NOT_DOCUMENTS.map((rule) => `--exclude=${rule}`);
  const list = ['ls-files', '-z', '--others', '--modified', ...rules];
  return namesIn((await runGit(list, listing(partOptions(store, part, folder)))).stdout);
}

/** Files that the repository tracks against its own ignore rules: only its index can tell. */
export async function listTrackedThoughIgnored(
  { context }: CheckpointStore,
  folder: string,
): Promise<string[]> {
  const list = ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'];
  const options = listing({ ...context, cwd: folder, allowFailure: true });
  const { exitCode, stdout } = await runGit(list, options);
  return exitCode === 0 ? namesIn(stdout) : [];
}

/** Those of the names that the index of these options does not have. */
export async function unknownTo(options: GitOptions, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const known = new Set(namesIn((await runGit(['ls-files', '-z'], listing(options))).stdout));
  return names.filter((name) => !known.has(name));
}

const MAX_LIST_CHARS = 128 * 1024 * 1024;

/** For git calls that list names with a NUL behind each: whole, and a character for every byte. */
export function listing(options: GitOptions): GitOptions {
  return { ...options, maxChars: MAX_LIST_CHARS, encoding: 'latin1' };
}

interface Sorted {
  add: string[];
  /** Known to the index, perhaps, and not to be read: what it has of them is out of date. */
  drop: string[];
  skipped: string[];
}

function sorted(states: PathStates, names: ReadonlySet<string>): Sorted {
  const result: Sorted = { add: [], drop: [], skipped: [] };
  for (const name of names) {
    const isFolder = name.endsWith('/');
    const state: PathState = isFolder ? { kind: 'unfit' } : states.at(name);
    const isTaken = state.kind === 'file' && states.isReadable(name, state.mode);
    if (!isTaken && state.kind !== 'none') result.skipped.push(readable(name));
    if (!isFolder) (isTaken ? result.add : result.drop).push(name);
  }
  return result;
}

async function update(how: readonly string[], names: readonly string[], options: GitOptions): Promise<void> {
  const input = bytesOf(`${names.join('\0')}\0`);
  await runGit(['update-index', ...how, '-z', '--stdin'], { ...options, input });
}
