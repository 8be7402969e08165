import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { bytesOf, listing, namesIn, readable } from '../git/path-bytes.ts';
import { type CheckpointStore, forgetIndex, type KeptPart, partOptions } from './checkpoint-store.ts';
import { encryptedAmong, ownBlobs } from './encrypted-files.ts';
import { type Bounded, beyondBounds, isBeyondBounds, type NewFile } from './new-file-bounds.ts';
import { type PathState, PathStates } from './path-state.ts';

export interface TakePlan {
  part: KeptPart;
  folder: string;
  /** Ignored files that are taken all the same, named as git lists them. */
  also?: readonly string[];
}

export interface TakenFiles {
  tree: string;
  /**
   * Readable names of what is not in it: too large, unreadable, a repository of its own (with a slash behind), too many
   * new files of a folder (as `folder/*`), or encrypted in the repository and not yet there.
   */
  skipped: string[];
}

/** Takes a part's files as they are into its private index, and what that knows as a tree. Nothing in the folder is changed. */
export async function takeTree(store: CheckpointStore, plan: TakePlan): Promise<TakenFiles> {
  const take = async () => ({ skipped: await takeFiles(store, plan), tree: await treeOf(store, plan) });
  return await take().catch(async (error: unknown) => {
    // What the index knows may be gone from the repository: an agent removed our refs, and a clean-up the rest.
    if (!GIT_ERRORS.git_failed.is(error)) throw error;
    forgetIndex(store, plan.part);
    return await take();
  });
}

async function takeFiles(store: CheckpointStore, plan: TakePlan): Promise<string[]> {
  const { part, folder, also = [] } = plan;
  const options = partOptions(store, part, folder);
  const [listed, tracked] = await Promise.all([
    listDifferent(options, part),
    part === 'worktree' ? listTrackedThoughIgnored(store, folder) : [],
  ]);
  const found = [...listed, ...[...also, ...(await unknownTo(options, tracked))].map(asKnown)];
  const { files, drop, skipped } = sorted(new PathStates(folder), found);
  const bounded = await boundedAmong(store, plan, files);
  const all = files.map(({ name }) => name).filter((name) => !bounded.leftOut.has(name));
  const encrypted = part === 'worktree' ? await encryptedAmong(store, folder, all) : new Set<string>();
  const add = all.filter((name) => !encrypted.has(name));
  const left = encrypted.size > 0 ? await takeEncrypted(store, plan, encrypted) : [];
  await update(['--force-remove'], [...drop, ...left], options);
  await update(['--add', '--remove', '--replace'], add, options);
  return [...skipped, ...[...bounded.folders, ...left].map(readable)];
}

interface Found {
  name: string;
  /** Not in the private index. */
  isNew: boolean;
}

function asKnown(name: string): Found {
  return { name, isNew: false };
}

/** What the repository tracks is taken, however much it is: it has it already. */
async function boundedAmong(
  store: CheckpointStore,
  { part, folder }: TakePlan,
  files: readonly (NewFile & Found)[],
): Promise<Bounded> {
  const found = files.filter(({ isNew }) => isNew);
  if (!isBeyondBounds(found)) return { leftOut: new Set(), folders: [] };
  if (part === 'session') return beyondBounds(found);
  const ask = listing({ ...store.context, cwd: folder, allowFailure: true });
  const { exitCode, stdout } = await runGit(['ls-files', '-z'], ask);
  if (exitCode !== 0) return { leftOut: new Set(), folders: [] };
  const tracked = new Set(namesIn(stdout));
  return beyondBounds(found.filter(({ name }) => !tracked.has(name)));
}

/** Takes the repository's own blobs of these. @returns those of which it has none */
async function takeEncrypted(
  store: CheckpointStore,
  { part, folder }: TakePlan,
  names: ReadonlySet<string>,
): Promise<string[]> {
  const blobs = await ownBlobs(store, folder, names);
  const input = bytesOf([...blobs.values()].map((line) => `${line}\0`).join(''));
  await runGit(['update-index', '-z', '--index-info'], { ...partOptions(store, part, folder), input });
  return [...names].filter((name) => !blobs.has(name));
}

/** Where a file still has the bytes that a part's index knows, that index learns its new time. */
export async function refresh(options: GitOptions): Promise<void> {
  // It fails where any file has other bytes, which is told by others.
  await runGit(['update-index', '-q', '--really-refresh'], { ...options, allowFailure: true });
}

/** The tree of what a part's index knows. */
export async function treeOf(store: CheckpointStore, { part, folder }: TakePlan): Promise<string> {
  return await gitLine(['-c', UNPACKED, 'write-tree'], partOptions(store, part, folder));
}

// A tree is hashes for the most part, which packing makes no smaller.
const UNPACKED = 'core.looseCompression=0';

/** Names of files that differ from what a part's index knows, new and deleted ones too. */
async function listDifferent(options: GitOptions, part: KeptPart): Promise<Found[]> {
  const rules =
    part === 'worktree' ? ['--exclude-standard'] : NOT_DOCUMENTS.map((rule) => `--exclude=${rule}`);
  const list = ['ls-files', '-t', '-z', '--others', '--modified', ...rules];
  const entries = namesIn((await runGit(list, listing(options))).stdout);
  return entries.map((entry) => ({ name: entry.slice(2), isNew: entry.startsWith('?') }));
}

/** Files that the repository tracks against its own ignore rules: only its index can tell. */
async function listTrackedThoughIgnored({ context }: CheckpointStore, folder: string): Promise<string[]> {
  const list = ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'];
  const options = listing({ ...context, cwd: folder, allowFailure: true });
  const { exitCode, stdout } = await runGit(list, options);
  return exitCode === 0 ? namesIn(stdout) : [];
}

/** Those of the names that the index of these options does not have. */
async function unknownTo(options: GitOptions, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const known = new Set(namesIn((await runGit(['ls-files', '-z'], listing(options))).stdout));
  return names.filter((name) => !known.has(name));
}

interface Sorted {
  files: (NewFile & Found)[];
  /** Known to the index, perhaps, and not to be read: what it has of them is out of date. */
  drop: string[];
  skipped: string[];
}

function sorted(states: PathStates, found: readonly Found[]): Sorted {
  const result: Sorted = { files: [], drop: [], skipped: [] };
  for (const { name, isNew } of found) {
    const isFolder = name.endsWith('/');
    const state: PathState = isFolder ? { kind: 'unfit' } : states.at(name);
    if (state.kind === 'unfit') result.skipped.push(readable(name));
    if (state.kind === 'file') result.files.push({ name, isNew, sizeBytes: state.sizeBytes });
    else if (!isFolder) result.drop.push(name);
  }
  return result;
}

async function update(how: readonly string[], names: readonly string[], options: GitOptions): Promise<void> {
  if (names.length === 0) return;
  const input = bytesOf(`${names.join('\0')}\0`);
  await runGit(['update-index', ...how, '-z', '--stdin'], { ...options, input });
}

/**
 * Of the session folder's top, in git's words: what the worker alone appends to, what people wrote to agents, and drafts
 * of files that are being written.
 */
const NOT_DOCUMENTS: readonly string[] = [
  '/_logs/',
  '/_inbox/',
  '/session.log',
  '/_signal_history.jsonl',
  '/.*.draft',
];
