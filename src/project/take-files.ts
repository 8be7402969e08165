import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { type CheckpointStore, type KeptPart, partOptions } from './checkpoint-store.ts';
import { type GitOptions, gitLine, runGit } from './git.ts';

export interface TakenFiles {
  /** Nothing differs from what the index knew before; false may also mean that this was not looked at. */
  same: boolean;
  /** Paths that are not taken: too large, unreadable, or a repository of their own (with a slash behind). */
  skipped: string[];
}

export interface TakePlan {
  part: KeptPart;
  folder: string;
  /** Ignored files that are taken all the same, as paths below the folder. */
  also?: readonly string[];
}

const MAX_FILE_BYTES = 50 * 1024 * 1024;
/** Of the session folder: what the worker alone appends to, and what people wrote to children. */
const NOT_DOCUMENTS = ['/_logs/', '/_inbox/', '/session.log', '/_signal_history.jsonl', '/.*.draft'];

/** Brings a part's private index up to the files of its folder. Nothing in the folder is changed. */
export async function takeFiles(store: CheckpointStore, plan: TakePlan): Promise<TakenFiles> {
  const { part, folder, also = [] } = plan;
  const options = partOptions(store, part, folder);
  const rules =
    part === 'worktree' ? ['--exclude-standard'] : NOT_DOCUMENTS.map((rule) => `--exclude=${rule}`);
  const list = ['ls-files', '-z', '--others', '--modified', ...rules];
  const [{ stdout }, tracked] = await Promise.all([
    runGit(list, { ...options, maxChars: MAX_LIST_CHARS }),
    part === 'worktree' ? trackedThoughIgnored(store, folder) : [],
  ]);
  const names = new Set([...namesIn(stdout), ...also, ...(await unknownTo(options, tracked))]);
  const { add, drop, skipped } = await sorted(folder, names);
  if (drop.length > 0) await update(['--force-remove'], drop, options);
  if (add.length > 0) await update(['--add', '--remove', '--replace'], add, options);
  return { same: add.length === 0 && drop.length === 0, skipped };
}

/** The tree of what a part's index knows. */
export async function treeOf(store: CheckpointStore, { part, folder }: TakePlan): Promise<string> {
  return await gitLine(['write-tree'], partOptions(store, part, folder));
}

/** Files that the repository tracks against its own ignore rules: only its index can tell. */
async function trackedThoughIgnored({ context }: CheckpointStore, folder: string): Promise<string[]> {
  const list = ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'];
  const options = { ...context, cwd: folder, allowFailure: true, maxChars: MAX_LIST_CHARS };
  const { exitCode, stdout } = await runGit(list, options);
  return exitCode === 0 ? namesIn(stdout) : [];
}

async function unknownTo(options: GitOptions, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const { stdout } = await runGit(['ls-files', '-z'], { ...options, maxChars: MAX_LIST_CHARS });
  const known = new Set(namesIn(stdout));
  return names.filter((name) => !known.has(name));
}

function namesIn(list: string): string[] {
  return list.split('\0').filter(Boolean);
}

const MAX_LIST_CHARS = 128 * 1024 * 1024;

interface Sorted {
  add: string[];
  /** Known to the index, perhaps, and not to be read: what it has of them is out of date. */
  drop: string[];
  skipped: string[];
}

async function sorted(folder: string, names: ReadonlySet<string>): Promise<Sorted> {
  const result: Sorted = { add: [], drop: [], skipped: [] };
  const links = new LinkedFolders(folder);
  for (const name of names) {
    if (name.endsWith('/')) {
      result.skipped.push(name);
      continue;
    }
    // Beyond a link nothing is ours, wherever it leads.
    const fits = (await links.leadsThrough(name)) ? 'no_file' : await fitness(join(folder, name));
    if (fits === 'unfit') result.skipped.push(name);
    (fits === 'fits' ? result.add : result.drop).push(name);
  }
  return result;
}

/** no_file: a folder stands there now. A file that is gone fits: git takes it out. */
async function fitness(path: string): Promise<'fits' | 'unfit' | 'no_file'> {
  const found = await ifExists(lstat(path).catch(nothingUnderFile));
  if (found?.isDirectory()) return 'no_file';
  if (!found?.isFile()) return 'fits';
  if (found.size > MAX_FILE_BYTES) return 'unfit';
  return await access(path, constants.R_OK).then(
    () => 'fits' as const,
    () => 'unfit' as const,
  );
}

function nothingUnderFile(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOTDIR') return undefined;
  throw error;
}

class LinkedFolders {
  readonly #top: string;
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(top: string) {
    this.#top = top;
  }

  leadsThrough(name: string): Promise<boolean> {
    const parent = dirname(name);
    if (parent === '.') return Promise.resolve(false);
    const known = this.#known.get(parent) ?? this.#look(parent);
    this.#known.set(parent, known);
    return known;
  }

  async #look(folder: string): Promise<boolean> {
    if (await this.leadsThrough(folder)) return true;
    const found = await ifExists(lstat(join(this.#top, folder)).catch(nothingUnderFile));
    return found?.isSymbolicLink() === true;
  }
}

async function update(
  how: readonly string[],
  names: readonly string[],
  options: ReturnType<typeof partOptions>,
) {
  const input = `${names.join('\0')}\0`;
  await runGit(['update-index', ...how, '-z', '--stdin'], { ...options, input });
}
