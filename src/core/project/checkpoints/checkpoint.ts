import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { identityAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { rawBytes, readable } from '../git/path-bytes.ts';
import { commitsOf, type GitContext } from '../git/repository.ts';
import { checkpointRef, type Moment } from './checkpoint-refs.ts';
import {
  type CheckpointStore,
  clearLocks,
  openStore,
  partOptions,
  repositoryOptions,
} from './checkpoint-store.ts';
import { importCommit } from './import-commit.ts';
import { KnownDocument, type TakenDocument, takeDocuments } from './session-documents.ts';
import { areAsTaken, refresh, takeTree } from './take-files.ts';
import { worktreePrint } from './worktree-print.ts';

export interface CheckpointPlan extends GitContext {
  mainRepo: string;
  worktreePath: string;
  branch: string;
  sessionDir: string;
  /** The session's name in refs and messages. */
  sessionFolder: string;
  /** The folder of the private indexes, in the session's machine state. */
  storeDir: string;
  moment: Moment;
  /** Ignored files to keep as well, as paths below the worktree. */
  alsoInWorktree?: readonly string[];
}

export interface Checkpoint {
  /** same: nothing differs from the previous checkpoint, so no new one was made. */
  kind: 'kept' | 'same';
  /** `refs/samocode/<session>/<NNN>`; that of the previous one when nothing changed. */
  ref: string;
  commit: string;
  head: string | undefined;
  /** The worktree's files as a tree, except ignored ones and those left out. */
  worktreeTree: string;
  /** Equal prints mean equal bytes: the tree, and the state of what was left out. */
  print: string;
  sessionTree: string;
  documents: readonly KeptDocument[];
  /** Files not included: larger than 50 MB, unreadable, or a separate repository. */
  skipped: readonly string[];
  /** Those that the previous checkpoint did not skip. */
  newlySkipped: readonly string[];
}

/** A worktree at one point in time. */
export type WorktreeSeen = Pick<Checkpoint, 'head' | 'worktreeTree' | 'print'>;

export interface KeptDocument {
  name: string;
  mode: string;
  id: string;
}

/**
 * Commits the worktree byte for byte, except ignored files, and the session's documents under a ref of ours:
 * `worktree/` and `session/` in its tree; its parents are HEAD and, if different, the tip of the session's branch.
 * HEAD, the index and all files stay unchanged.
 */
export async function keepCheckpoint(plan: CheckpointPlan): Promise<Checkpoint> {
  const { moment, worktreePath: folder, sessionDir, alsoInWorktree: also = [] } = plan;
  const store = await openStore(plan);
  clearLocks(store);
  const last = await plainJson(pathIn(store), LastCheckpoint);
  const isLastIndex = last?.index === indexOf(store);
  // A file rewritten with the same bytes is read on every scan until the index is refreshed; before an iteration
  // there is time.
  if (moment.kind === 'before') await refresh(partOptions(store, 'worktree', folder));
  const refs = [await headOf(store, folder), `refs/heads/${plan.branch}`, ...(last ? [last.ref] : [])];
  const commits = commitsOf(refs, repositoryOptions(store));
  const treeOfIndex = async () =>
    isLastIndex && (await commits)[2] === last.commit ? last.worktreeTree : undefined;
  // Without its ref, git may have deleted the blobs of the last checkpoint.
  const takingDocuments = commits.then(([, , now]) =>
    takeDocuments(store, sessionDir, (now === last?.commit && last?.documents) || []),
  );
  const [code, documents, [head, tip, lastNow]] = await Promise.all([
    takeTree(store, { part: 'worktree', folder, also, treeOfIndex }),
    takingDocuments,
    commits,
  ]);
  const taken: Taken = {
    parents: parentsOf(head, tip),
    worktreeTree: code.tree,
    documents: documents.files,
    skipped: [...code.skipped, ...documents.skipped.map((name) => join(sessionDir, name))],
  };
  // A rewind is identified by its checkpoint, and a discard by its time.
  const isApart = moment.kind === 'before_rewind' || moment.kind === 'before_discard';
  const mayBeSame = last?.commit === lastNow && !isApart;
  const same = last !== undefined && mayBeSame && isSame(last, taken) ? last : undefined;
  const commitWhole = async (error: unknown) => {
    // A blob that the last checkpoint has may be damaged or gone.
    if (!GIT_ERRORS.git_failed.is(error)) throw error;
    taken.documents = (await takeDocuments(store, sessionDir, [])).files;
    return await commitTaken(store, plan, taken);
  };
  const { ref, commit, sessionTree } = same ?? (await commitTaken(store, plan, taken).catch(commitWhole));
  if (!isApart) writeLast(store, { ref, commit, sessionTree, index: indexOf(store), ...taken });
  const newlySkipped = taken.skipped.filter((name) => !last?.skipped.includes(name));
  const { worktreeTree, skipped } = taken;
  const print = await worktreePrint(folder, taken, store.context);
  const kept = { ref, commit, head, worktreeTree, print, sessionTree, documents: keptDocuments(taken) };
  return { kind: same ? 'same' : 'kept', ...kept, skipped, newlySkipped };
}

/**
 * The worktree of the newest checkpoint, if that is `commit` and a new one would have the same worktree: the same
 * commits, and no changed file. Documents are not compared.
 */
export async function unchangedWorktree(
  plan: Omit<CheckpointPlan, 'moment'>,
  commit: string,
): Promise<WorktreeSeen | undefined> {
  const { worktreePath: folder, branch } = plan;
  const store = await openStore(plan);
  const last = await plainJson(pathIn(store), LastCheckpoint);
  if (last?.commit !== commit || last.index !== indexOf(store)) return undefined;
  const refs = [await headOf(store, folder), `refs/heads/${branch}`, last.ref];
  const [areSameFiles, [head, tip, lastNow]] = await Promise.all([
    areAsTaken(store, { part: 'worktree', folder }, last.skipped),
    commitsOf(refs, repositoryOptions(store)),
  ]);
  const areSameCommits = lastNow === commit && parentsOf(head, tip).join() === last.parents.join();
  if (!areSameFiles || !areSameCommits) return undefined;
  const { worktreeTree } = last;
  return { head, worktreeTree, print: await worktreePrint(folder, last, store.context) };
}

/** The readable names of files that the newest checkpoint left out. */
export async function leftOutOfNewest(store: CheckpointStore): Promise<readonly string[]> {
  return (await plainJson(pathIn(store), LastCheckpoint))?.skipped ?? [];
}

function parentsOf(head: string | undefined, tip: string | undefined): string[] {
  return [...new Set([head, tip])].filter((commit) => commit !== undefined);
}

interface Taken extends Pick<LastCheckpoint, 'parents' | 'worktreeTree' | 'skipped'> {
  documents: readonly TakenDocument[];
}

function isSame(last: Taken, now: Taken): boolean {
  const printOf = (taken: Taken) =>
    taken.documents.map(({ name, mode, id }) => `${mode} ${id} ${name}`).join('\0');
  const isSameTree = last.worktreeTree === now.worktreeTree && printOf(last) === printOf(now);
  return isSameTree && last.parents.join() === now.parents.join();
}

function keptDocuments({ documents }: Taken): KeptDocument[] {
  return documents.map(({ name, mode, id }) => ({ name: readable(name), mode, id }));
}

/**
 * The name of a worktree's HEAD in the repository; empty if its `.git` points elsewhere. Without a `.git`, it may be a
 * folder in MAIN_REPO; if an agent created a repository there, its commits are not in this one.
 */
async function headOf({ commonDir }: CheckpointStore, worktreePath: string): Promise<string> {
  const pointed = (await gitDirOf(worktreePath).catch(() => undefined)) ?? join(worktreePath, '.git');
  const gitDir = await realpath(pointed).catch(() => '');
  if (gitDir === commonDir) return 'HEAD';
  return dirname(gitDir) === join(commonDir, 'worktrees') ? `worktrees/${basename(gitDir)}/HEAD` : '';
}

/** Makes the blobs of documents, the trees, the commit and the ref in one process. */
async function commitTaken(
  store: CheckpointStore,
  plan: CheckpointPlan,
  { parents, worktreeTree, documents }: Taken,
): Promise<{ ref: string; commit: string; sessionTree: string }> {
  const ref = checkpointRef(plan.sessionFolder, plan.moment);
  const { commit, tree } = await importCommit(store, {
    ref,
    message: subject(plan),
    parents,
    files: [
      { mode: '040000', content: worktreeTree, path: 'worktree' },
      ...documents.map(({ mode, id, bytes, name }) => ({
        mode,
        content: bytes ?? id,
        path: rawBytes(`session/${name}`),
      })),
    ],
    part: 'session',
  });
  return { ref, commit, sessionTree: tree };
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
    case 'before_discard':
      return `${sessionFolder}, discarded`;
    default:
      return moment satisfies never;
  }
}

/** The newest checkpoint of a session: if nothing differs from it, no new one is made. */
const LastCheckpoint = z.object({
  ref: z.string(),
  commit: z.string(),
  parents: z.array(z.string()),
  worktreeTree: z.string(),
  sessionTree: z.string(),
  documents: z.array(KnownDocument).default([]),
  /** Identity of the worktree's private index, which a rewind changes. */
  index: z.string(),
  /** Readable names of skipped files: each is reported once. */
  skipped: z.array(z.string()),
});
type LastCheckpoint = z.infer<typeof LastCheckpoint>;

function indexOf({ dir }: CheckpointStore): string {
  return identityAt(join(dir, 'worktree.index'));
}

function writeLast(store: CheckpointStore, last: Omit<LastCheckpoint, 'documents'> & Taken): void {
  const documents = last.documents.map(({ name, mode, id, identity }) => ({ name, mode, id, identity }));
  writeUnsynced(pathIn(store), `${JSON.stringify({ ...last, documents })}\n`);
}

function pathIn({ dir }: CheckpointStore): string {
  return join(dir, 'last.json');
}
