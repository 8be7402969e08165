import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { writeLightly } from '../../base/files/atomic-file.ts';
import { gitDirOf } from '../../base/files/git-pointer.ts';
import { identityAt } from '../../base/files/path-stats.ts';
import { plainJson } from '../../base/files/plain-file.ts';
import { gitLine, runGit } from '../git/git.ts';
import { listing, namesIn, readable } from '../git/path-bytes.ts';
import { commitsOf, type GitContext } from '../git/repository.ts';
import { type Moment, refOf } from './checkpoint-refs.ts';
import {
  type CheckpointStore,
  clearLocks,
  openStore,
  partOptions,
  repositoryOptions,
} from './checkpoint-store.ts';
import { areAsTaken, refresh, takeTree } from './take-files.ts';

export interface CheckpointPlan extends GitContext {
  mainRepo: string;
  worktreePath: string;
  branch: string;
  sessionDir: string;
  /** Names the session in refs and messages. */
  sessionFolder: string;
  /** A folder among the session's machine state: the private indexes. */
  storeDir: string;
  moment: Moment;
  /** Ignored files that are kept all the same, as paths below the worktree. */
  alsoInWorktree?: readonly string[];
}

export interface Checkpoint {
  /** same: nothing differs from the checkpoint before, and no new one was made. */
  kind: 'kept' | 'same';
  /** `refs/samocode/<session>/<NNN>`; of the earlier one when nothing changed. */
  ref: string;
  commit: string;
  head: string | undefined;
  /** The worktree's files as a tree, ignored ones aside: equal ids mean equal bytes. */
  worktreeTree: string;
  sessionTree: string;
  documents: readonly KeptDocument[];
  /** Files that are not in it: larger than 50 MB, unreadable, or a repository of their own. */
  skipped: readonly string[];
  /** Those among them that the checkpoint before did not skip. */
  newlySkipped: readonly string[];
}

export interface KeptDocument {
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
  const { moment, worktreePath: folder, sessionDir, alsoInWorktree: also = [] } = plan;
  const store = await openStore(plan);
  clearLocks(store);
  const last = await plainJson(pathIn(store), MAX_LAST_BYTES, LastCheckpoint);
  // A file that was written anew with the same bytes is read at every look until then; between two agents time counts.
  if (moment.kind === 'before') await refresh(partOptions(store, 'worktree', folder));
  const refs = [await headOf(store, folder), `refs/heads/${plan.branch}`, ...(last ? [last.ref] : [])];
  // The longest first: each start of a program takes milliseconds.
  const [code, documents, [head, tip, lastNow]] = await Promise.all([
    takeTree(store, { part: 'worktree', folder, also }),
    takeDocuments(store, sessionDir),
    commitsOf(refs, repositoryOptions(store)),
  ]);
  const taken: Taken = {
    parents: parentsOf(head, tip),
    worktreeTree: code.tree,
    sessionTree: documents.tree,
    skipped: [...code.skipped, ...documents.skipped],
  };
  // A rewind is known by its checkpoint, and what is discarded by its time.
  const isApart = moment.kind === 'before_rewind' || moment.kind === 'before_discard';
  const mayBeSame = last?.commit === lastNow && !isApart;
  const same = last !== undefined && mayBeSame && isSame(last, taken) ? last : undefined;
  const { ref, commit } = same ?? (await commitTaken(store, plan, taken));
  if (!isApart) writeLast(store, { ref, commit, index: indexOf(store), ...taken });
  const newlySkipped = taken.skipped.filter((name) => !last?.skipped.includes(name));
  const { worktreeTree, sessionTree, skipped } = taken;
  const kept = { ref, commit, head, worktreeTree, sessionTree, documents: documents.files };
  return { kind: same ? 'same' : 'kept', ...kept, skipped, newlySkipped };
}

/**
 * The worktree of the newest checkpoint, where that is `commit` and one that is taken now would have the same worktree:
 * the same commits, and no file that differs. Documents are not compared.
 * @throws GitError
 */
export async function unchangedWorktree(
  plan: Omit<CheckpointPlan, 'moment'>,
  commit: string,
): Promise<Pick<Checkpoint, 'head' | 'worktreeTree' | 'skipped'> | undefined> {
  const { worktreePath: folder, branch } = plan;
  const store = await openStore(plan);
  const last = await plainJson(pathIn(store), MAX_LAST_BYTES, LastCheckpoint);
  if (last?.commit !== commit || last.index !== indexOf(store)) return undefined;
  const refs = [await headOf(store, folder), `refs/heads/${branch}`, last.ref];
  const [areSameFiles, [head, tip, lastNow]] = await Promise.all([
    areAsTaken(store, { part: 'worktree', folder }, last.skipped),
    commitsOf(refs, repositoryOptions(store)),
  ]);
  const areSameCommits = lastNow === commit && parentsOf(head, tip).join() === last.parents.join();
  const { worktreeTree, skipped } = last;
  return areSameFiles && areSameCommits ? { head, worktreeTree, skipped } : undefined;
}

function parentsOf(head: string | undefined, tip: string | undefined): string[] {
  return [...new Set([head, tip])].filter((commit) => commit !== undefined);
}

type Taken = Omit<LastCheckpoint, 'ref' | 'commit' | 'index'>;

function isSame(last: Taken, now: Taken): boolean {
  const isSameTree = last.worktreeTree === now.worktreeTree && last.sessionTree === now.sessionTree;
  return isSameTree && last.parents.join() === now.parents.join();
}

/**
 * What the repository calls the HEAD of a worktree; nothing where its `.git` leads elsewhere. One that has lost it lies
 * inside MAIN_REPO in the usual layout, and of a repository that a child made in its place this one has no commit.
 */
async function headOf({ commonDir }: CheckpointStore, worktreePath: string): Promise<string> {
  const pointed = (await gitDirOf(worktreePath).catch(() => undefined)) ?? join(worktreePath, '.git');
  const gitDir = await realpath(pointed).catch(() => '');
  if (gitDir === commonDir) return 'HEAD';
  return dirname(gitDir) === join(commonDir, 'worktrees') ? `worktrees/${basename(gitDir)}/HEAD` : '';
}

async function takeDocuments(store: CheckpointStore, folder: string) {
  const { tree, skipped } = await takeTree(store, { part: 'session', folder });
  const list = await runGit(['ls-files', '-s', '-z'], listing(partOptions(store, 'session', folder)));
  const files = namesIn(list.stdout).map((line): KeptDocument => {
    const [, mode = '', id = '', name = ''] = /^(\d+) (\w+) 0\t(.+)$/s.exec(line) ?? [];
    return { name: readable(name), mode, id };
  });
  return { tree, files, skipped: skipped.map((name) => join(folder, name)) };
}

// Ours, so that keeping work never fails for a missing identity, and nobody takes it for a person's commit.
const WRITER = ['AUTHOR', 'COMMITTER'].flatMap((who) => [
  [`GIT_${who}_NAME`, 'samocode'],
  [`GIT_${who}_EMAIL`, 'samocode@localhost'],
]);

async function commitTaken(
  store: CheckpointStore,
  plan: CheckpointPlan,
  { parents, worktreeTree, sessionTree }: Taken,
): Promise<{ ref: string; commit: string }> {
  const ref = refOf(plan.sessionFolder, plan.moment);
  const options = repositoryOptions(store);
  const input = `040000 tree ${worktreeTree}\tworktree\n040000 tree ${sessionTree}\tsession\n`;
  const tree = await gitLine(['mktree'], { ...options, input });
  const given = parents.flatMap((parent) => ['-p', parent]);
  const env = { ...options.env, ...Object.fromEntries(WRITER) };
  const commit = await gitLine(['commit-tree', ...given, '-m', subject(plan), tree], { ...options, env });
  await runGit(['update-ref', '--no-deref', ref, commit], options);
  return { ref, commit };
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

/** The newest checkpoint of a session: where nothing differs from it, no other is made. */
const LastCheckpoint = z.object({
  ref: z.string(),
  commit: z.string(),
  parents: z.array(z.string()),
  worktreeTree: z.string(),
  sessionTree: z.string(),
  /** Identity of the worktree's private index, which a rewind changes. */
  index: z.string(),
  /** Readable names of what was there and was not taken: each is told once. */
  skipped: z.array(z.string()),
});
type LastCheckpoint = z.infer<typeof LastCheckpoint>;

function indexOf({ dir }: CheckpointStore): string {
  return identityAt(join(dir, 'worktree.index'));
}

function writeLast(store: CheckpointStore, last: LastCheckpoint): void {
  writeLightly(pathIn(store), `${JSON.stringify(last)}\n`);
}

const MAX_LAST_BYTES = 64 * 1024 * 1024;

function pathIn({ dir }: CheckpointStore): string {
  return join(dir, 'last.json');
}
