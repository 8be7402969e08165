import { join } from 'node:path';
import { type NewCommit, writeCommit } from './checkpoint-commit.ts';
import { type Heads, readHeads } from './checkpoint-heads.ts';
import { type Moment, refOf } from './checkpoint-refs.ts';
import {
  type CheckpointStore,
  clearLocks,
  forgetIndex,
  openStore,
  repositoryOptions,
} from './checkpoint-store.ts';
import { type Comparison, compareFiles, type KnownFiles } from './compare-files.ts';
import { GitError } from './git-error.ts';
import { type LastCheckpoint, readLast, writeLast } from './last-checkpoint.ts';
import { readable } from './path-bytes.ts';
import { commitOf, type GitContext } from './repository.ts';
import { documentNames } from './session-documents.ts';
import { takeChanges } from './take-changes.ts';
import { takeFiles, treeOf } from './take-files.ts';

export interface CheckpointPlan extends GitContext {
  mainRepo: string;
  worktreePath: string;
  /** The session's own branch, whose tip is kept too. */
  branch: string;
  /** The session's folder, whose documents are kept beside the code. */
  sessionDir: string;
  /** The session folder's name; part of the ref. */
  sessionFolder: string;
  /** A folder among the session's machine state: the private indexes. */
  storeDir: string;
  moment: Moment;
  /** Ignored files that are kept all the same, as paths below the worktree. */
  alsoInWorktree?: readonly string[];
  /** The private indexes were brought up to the files a moment ago. */
  isTaken?: boolean;
}

export interface Checkpoint {
  /** same: nothing differs from the checkpoint before, and no new one was made. */
  kind: 'kept' | 'same';
  /** `refs/samocode/<session>/<NNN>`; of the earlier one when nothing changed. */
  ref: string;
  commit: string;
  /** The commit that was checked out. */
  head: string | undefined;
  /** The worktree's files as a tree, ignored ones aside: equal ids mean equal bytes. */
  worktreeTree: string;
  sessionTree: string;
  /** Names, modes and blobs of what is in the session's tree. */
  documents: readonly KeptDocument[];
  /** Files that are not in it: larger than 50 MB, unreadable, or a repository of their own. */
  skipped: readonly string[];
  /** Those among them that the checkpoint before did not skip. */
  newlySkipped: readonly string[];
}

export interface KeptDocument {
  /** Below the session folder. */
  name: string;
  mode: string;
  id: string;
}

/**
 * Keeps the worktree byte for byte, ignored files aside, and the session's documents as a commit under a
 * ref of ours: `worktree/` and `session/` in its tree; its parents are the commit that is checked out and, where it
 * is another, the tip of the session's branch. HEAD, the index and every file stay as they are.
 * @throws GitError
 */
export async function keepCheckpoint(plan: CheckpointPlan): Promise<Checkpoint> {
  const store = await openStore(plan);
  clearLocks(store);
  const last = readLast(store);
  const { head, ...heads } = await readHeads(store, { ...plan, last });
  const { kept, kind } = await keepFiles(store, plan, { last, ...heads });
  return asCheckpoint(kept, { kind, head, before: last });
}

/** What was kept; same: it was kept already. */
interface Kept {
  kind: Checkpoint['kind'];
  kept: LastCheckpoint;
}

async function keepFiles(
  store: CheckpointStore,
  plan: CheckpointPlan,
  { last, parents, hasLast }: { last: LastCheckpoint | undefined } & Omit<Heads, 'head'>,
): Promise<Kept> {
  if (last && hasLast && !plan.alsoInWorktree) {
    const made = await keepChanges(store, plan, { last, parents }).catch(unlessItIsLost);
    if (made) return made;
  }
  const made = await keepAll(store, plan, parents).catch(unlessItIsLost);
  if (made) return made;
  const there = await Promise.all(parents.map((parent) => commitOf(parent, repositoryOptions(store))));
  const stillThere = there.filter((parent) => parent !== undefined);
  return await keepAll(store, plan, stillThere);
}

/** Something that a checkpoint would stand on is gone: a clean-up may take anything. */
function unlessItIsLost(error: unknown): undefined {
  if (!(error instanceof GitError) || error.code !== 'git_failed') throw error;
}

/** What the next checkpoint must know, besides what git says of this one. */
type Taken = Omit<LastCheckpoint, 'ref' | 'commit' | 'worktreeTree' | 'sessionTree'>;

async function keepChanges(
  store: CheckpointStore,
  plan: CheckpointPlan,
  { last, parents }: { last: LastCheckpoint; parents: string[] },
): Promise<Kept | undefined> {
  const [code, documents] = await Promise.all([
    takeChanges(store, plan.worktreePath, last),
    takeDocuments(store, plan.sessionDir, last.documents),
  ]);
  if (code === undefined) return undefined;
  const { now: beyondIndex, ownIndex, isSettled } = code;
  const skipped = [...code.skipped, ...documents.skipped];
  const taken: Taken = { parents, beyondIndex, ownIndex, isSettled, documents: documents.now, skipped };
  const isSame = code.changes.length === 0 && documents.changes.length === 0;
  if (isSame && last.parents.join() === parents.join()) {
    writeLast(store, { ...last, ...taken });
    return { kind: 'same', kept: { ...last, ...taken } };
  }
  const worktree = { tree: last.worktreeTree, changes: code.changes };
  return { kind: 'kept', kept: await commitTaken(store, plan, { worktree, documents, taken }) };
}

/** Without anything to stand on: the private index is brought up to the files, and all that it knows is taken. */
async function keepAll(store: CheckpointStore, plan: CheckpointPlan, parents: string[]): Promise<Kept> {
  const [code, documents] = await Promise.all([
    takeAll(store, plan).catch((error: unknown) => takeAfresh(store, plan, error)),
    takeDocuments(store, plan.sessionDir, []),
  ]);
  const worktree = { tree: code.tree, changes: [] };
  const skipped = [...code.skipped, ...documents.skipped];
  const taken: Taken = { parents, beyondIndex: [], documents: documents.now, skipped };
  return { kind: 'kept', kept: await commitTaken(store, plan, { worktree, documents, taken }) };
}

async function takeAll(
  store: CheckpointStore,
  { worktreePath: folder, alsoInWorktree: also = [], isTaken }: CheckpointPlan,
): Promise<{ tree: string; skipped: string[] }> {
  const code = { part: 'worktree', folder, also } as const;
  const skipped = isTaken ? [] : await takeFiles(store, code);
  return { tree: await treeOf(store, code), skipped };
}

/** What the index knows may be gone from the repository: a child removed our refs, and a clean-up the rest. */
async function takeAfresh(store: CheckpointStore, plan: CheckpointPlan, error: unknown) {
  unlessItIsLost(error);
  forgetIndex(store, 'worktree');
  return await takeAll(store, { ...plan, isTaken: false });
}

async function takeDocuments(
  store: CheckpointStore,
  sessionDir: string,
  known: KnownFiles,
): Promise<Comparison> {
  const names = documentNames(sessionDir);
  const { changes, now, skipped } = await compareFiles(store, sessionDir, { names, known });
  const there = new Set(names);
  const gone = known.filter(([name]) => !there.has(name)).map(([name]) => ({ name, file: null }));
  return {
    changes: [...changes, ...gone],
    now,
    skipped: skipped.map((name) => join(sessionDir, name)),
  };
}

async function commitTaken(
  store: CheckpointStore,
  plan: CheckpointPlan,
  { worktree, documents, taken }: { worktree: NewCommit['worktree']; documents: Comparison; taken: Taken },
): Promise<LastCheckpoint> {
  const ref = refOf(plan.sessionFolder, plan.moment);
  const changed = new Map(documents.changes.map((change) => [change.name, change]));
  const all = documents.now.map(([name, file]) => changed.get(name) ?? { name, file });
  const commit = { ref, parents: taken.parents, text: subject(plan), worktree, documents: all };
  const last = { ref, ...taken, ...(await writeCommit(store, commit)) };
  writeLast(store, last);
  return last;
}

function asCheckpoint(
  { ref, commit, worktreeTree, sessionTree, documents, skipped }: LastCheckpoint,
  given: { kind: Checkpoint['kind']; head: string | undefined; before: LastCheckpoint | undefined },
): Checkpoint {
  const { kind, head, before } = given;
  const kept = documents.flatMap(([name, file]) =>
    file ? [{ name: readable(name), mode: file.mode, id: file.id }] : [],
  );
  const newlySkipped = skipped.filter((name) => !before?.skipped.includes(name));
  return { kind, ref, commit, head, worktreeTree, sessionTree, documents: kept, skipped, newlySkipped };
}

function subject({ sessionFolder, moment }: CheckpointPlan): string {
  switch (moment.kind) {
    case 'after':
      return `Checkpoint of ${sessionFolder} after iteration ${moment.iteration}`;
    case 'before':
      return `Checkpoint of ${sessionFolder} before iteration ${moment.iteration}`;
    case 'before_kill':
      return `Checkpoint of ${sessionFolder} before iteration ${moment.iteration} was ended`;
    case 'before_rewind':
      return `Checkpoint of ${sessionFolder} before a rewind`;
    default:
      return moment satisfies never;
  }
}
