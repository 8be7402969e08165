import { join } from 'node:path';
import { identityAt } from '../../kernel/files/path-stats.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { looseFiles } from '../git/loose-trees.ts';
import { listing, namesIn, rawBytes, readable } from '../git/path-bytes.ts';
import {
  type CheckpointStore,
  indexOf,
  type KeptPart,
  partOptions,
  removeIndex,
  repositoryOptions,
} from './checkpoint-store.ts';
import { areTooMany, foldersBeyondBounds, type NewFile, type PathState, pathStates } from './file-bounds.ts';

/** One of the two folders of a checkpoint, with its private index. */
export interface FolderPart {
  part: KeptPart;
  folder: string;
}

export interface TakePlan extends FolderPart {
  /** Ignored files to take as well, named as git lists them. */
  also?: readonly string[];
  /** The tree that this process wrote last, if no garbage collection can have taken it. */
  last?: WrittenTree;
}

interface WrittenTree {
  tree: string;
  /** The file identity of the private index that it was written from; empty if there is none. */
  index: string;
}

export interface TakenFiles extends WrittenTree {
  /**
   * Readable names of files not included: too large, unreadable, a separate repository (with a trailing slash), too
   * many new files of a folder (as `folder/*`), or changed and encrypted by a filter of the repository.
   */
  skipped: string[];
}

/** Adds a part's files to its private index and writes that as a tree. Changes nothing in the folder. */
export async function takeTree(store: CheckpointStore, plan: TakePlan): Promise<TakenFiles> {
  const { last } = plan;
  const indexNow = () => identityAt(indexOf(store, plan.part));
  const take = async () => {
    const skipped = await takeFiles(store, plan);
    // git replaces an index as a whole, so that a change is a new file.
    if (last && last.index !== '' && last.index === indexNow()) return { ...last, skipped };
    const tree = await writeTree(store, plan);
    return { tree, index: indexNow(), skipped };
  };
  return await take().catch(async (error: unknown) => {
    // Objects of the index may be missing, if an agent removed our refs and a gc deleted the objects.
    if (!GIT_ERRORS.git_failed.is(error)) throw error;
    removeIndex(store, plan.part);
    return await take();
  });
}

async function takeFiles(store: CheckpointStore, { part, folder, also = [] }: TakePlan): Promise<string[]> {
  const options = partOptions(store, part, folder);
  const repository = { ...store.context, cwd: folder, allowFailure: true };
  // The session folder belongs to no repository: git would obey one that an agent has made there.
  const tracked = async (how: readonly string[]) =>
    part === 'worktree' ? await listFiles(how, repository) : undefined;
  const [listed, forced = []] = await Promise.all([
    listDifferent(options, part),
    // Tracked although ignored: only the repository's own index lists these.
    tracked(['--cached', '--ignored', '--exclude-standard']),
  ]);
  const known = new Set(forced.length > 0 ? await listFiles([], options) : []);
  const more = [...also, ...forced.filter((name) => !known.has(name))];
  const found = [...listed, ...more.map((name) => ({ name, isNew: false }))];
  const { files, drop, skipped } = classify(folder, found);

  const tooMany = await tooManyOf(files, () => tracked([]));
  const fitting = files.map(({ name }) => name).filter((name) => !tooMany.names.has(name));
  const encrypted = await encryptedAmong(store, folder, fitting);
  // Unchanged files are in the commit that is checked out.
  const changed = encrypted.size > 0 ? await tracked(['--modified', '--others']) : [];
  const leftOut = (changed ?? [...encrypted]).filter((name) => encrypted.has(name));

  await update(['--force-remove'], [...drop, ...encrypted], options);
  const added = fitting.filter((name) => !encrypted.has(name));
  await update(['--add', '--remove', '--replace'], added, options);
  return [...skipped, ...[...tooMany.folders.map((each) => `${each}*`), ...leftOut].map(readable)];
}

/** Updates the timestamps of files with unchanged bytes in a part's index. */
export async function refresh(options: GitOptions): Promise<void> {
  // Fails if any file has other bytes, which other calls report.
  await runGit(['update-index', '-q', '--really-refresh'], { ...options, allowFailure: true });
}

export async function writeTree(store: CheckpointStore, { part, folder }: FolderPart): Promise<string> {
  return await gitLine(['-c', UNPACKED, 'write-tree'], partOptions(store, part, folder));
}

// A tree consists mostly of hashes, which don't compress.
const UNPACKED = 'core.looseCompression=0';

export interface KeptDocument {
  name: string;
  mode: string;
  id: string;
}

/** The files of a tree. */
export async function documentsIn(store: CheckpointStore, sessionTree: string): Promise<KeptDocument[]> {
  const loose = await looseFiles(join(store.commonDir, 'objects'), sessionTree);
  if (loose) return loose.map(({ path, ...file }) => ({ name: readable(path), ...file }));
  const { stdout } = await runGit(['ls-tree', '-r', '-z', sessionTree], listing(repositoryOptions(store)));
  return namesIn(stdout).map((entry) => {
    const [mode = '', , id = ''] = entry.split(/[ \t]/, 3);
    return { name: readable(entry.slice(entry.indexOf('\t') + 1)), mode, id };
  });
}

/** Files that differ from a part's index, including new and deleted ones. */
async function listDifferent(options: GitOptions, part: KeptPart): Promise<Listed[]> {
  const rules =
    part === 'worktree' ? ['--exclude-standard'] : NOT_DOCUMENTS.map((rule) => `--exclude=${rule}`);
  const ask = ['ls-files', '-z', '-t', '--others', '--modified', ...rules];
  const { stdout, stderr } = await runGit(ask, listing(options));
  const unread = Array.from(stderr.matchAll(UNREAD_FOLDER), ([, name]) => ({
    name: `${name}/`,
    isNew: true,
  }));
  const entries = namesIn(stdout).map((entry) => ({ name: entry.slice(2), isNew: entry.startsWith('?') }));
  return [...entries, ...unread];
}

/** git warns of a folder that it may not read, or whose path is too long (then the warning is cut), and lists the others. */
const UNREAD_FOLDER = /^warning: could not open directory '(.*?)\/?(?:': .*)?$/gm;

/** The output of `git ls-files`; empty if the call is allowed to fail and does. */
async function listFiles(how: readonly string[], options: GitOptions): Promise<string[]> {
  const { exitCode, stdout } = await runGit(['ls-files', '-z', ...how], listing(options));
  return exitCode === 0 ? namesIn(stdout) : [];
}

interface TooMany {
  folders: string[];
  names: Set<string>;
}

/** Finds the new files in folders that have too many. Files tracked by the repository are always taken. */
async function tooManyOf(
  files: readonly Found[],
  tracked: () => Promise<string[] | undefined>,
): Promise<TooMany> {
  const found = files.filter(({ isNew }) => isNew);
  if (!areTooMany(found)) return { folders: [], names: new Set() };
  const known = new Set(await tracked());
  const untracked = found.filter(({ name }) => !known.has(name));
  const folders = foldersBeyondBounds(untracked);
  const names = untracked.map(({ name }) => name);
  return { folders, names: new Set(names.filter((name) => folders.some((each) => name.startsWith(each)))) };
}

/**
 * The names, as listed by git, of files whose filter writes other bytes into the worktree than the repository has,
 * like encryption: plaintext must not become an object. LFS encrypts nothing.
 */
export async function encryptedAmong(
  store: CheckpointStore,
  folder: string,
  names: readonly string[],
): Promise<Set<string>> {
  const decrypting = names.length === 0 ? undefined : await store.decrypting();
  if (!decrypting?.size) return new Set();
  const { commonDir, context } = store;
  const options = listing({ ...context, cwd: folder, env: { GIT_DIR: commonDir, GIT_WORK_TREE: folder } });
  const input = rawBytes(`${names.join('\0')}\0`);
  const asked = await runGit(['check-attr', '-z', '--stdin', 'filter'], { ...options, input });
  const filters = asked.stdout.split('\0').filter((_, index) => index % 3 === 2);
  return new Set(names.filter((_, index) => decrypting.has(filters[index] ?? '')));
}

interface Listed {
  name: string;
  /** Not in the private index. */
  isNew: boolean;
}

type Found = Listed & NewFile;

interface Classified {
  files: Found[];
  /** Possibly in the index, but missing or unfit: the index entry is out of date. */
  drop: string[];
  skipped: string[];
}

function classify(folder: string, found: readonly Listed[]): Classified {
  const result: Classified = { files: [], drop: [], skipped: [] };
  const stateAt = pathStates(folder);
  for (const { name, isNew } of found) {
    const isFolder = name.endsWith('/');
    const state: PathState = isFolder ? { kind: 'unfit' } : stateAt(name);
    if (state.kind === 'unfit') result.skipped.push(readable(name));
    if (state.kind === 'file') result.files.push({ name, isNew, sizeBytes: state.sizeBytes });
    else if (!isFolder) result.drop.push(name);
  }
  return result;
}

async function update(how: readonly string[], names: readonly string[], options: GitOptions): Promise<void> {
  if (names.length === 0) return;
  const input = rawBytes(`${names.join('\0')}\0`);
  await runGit(['update-index', ...how, '-z', '--stdin'], { ...options, input });
}

/**
 * Exclude patterns at the top of the session folder: files that only the worker appends to, messages of people to
 * agents, and drafts of files being written.
 */
const NOT_DOCUMENTS: readonly string[] = [
  '/_logs',
  '/_inbox',
  '/session.log',
  '/_signal_history.jsonl',
  '/.*.draft',
];
