import { rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../../kernel/errors.ts';
import { crashPoint, failPoint } from '../../kernel/fault-points.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { listing, namesIn, rawBytes, readable } from '../git/path-bytes.ts';
import { commitOf, type GitContext, gitContextOf } from '../git/repository.ts';
import { type CheckpointPlan, keepCheckpoint } from './checkpoint.ts';
import { CHECKPOINT_ERRORS } from './checkpoint-errors.ts';
import { checkpointRef } from './checkpoint-refs.ts';
import {
  type CheckpointStore,
  clearLocks,
  openStore,
  partOptions,
  repositoryOptions,
  treeIn,
} from './checkpoint-store.ts';
import { pathStates } from './file-bounds.ts';
import { moveBranch, refuseElsewhere } from './move-branch.ts';
import { encryptedAmong, type FolderPart, refresh, takeTree, writeTree } from './take-files.ts';

export interface RestorePlan extends Omit<CheckpointPlan, 'moment' | 'alsoInWorktree'> {
  commit: string;
  /** Names this rewind: a second call with the same name continues an interrupted one. */
  id: string;
}

export interface Restored {
  /** The previous state as a checkpoint: restoring it undoes this. */
  undo: { ref: string; commit: string };
  /**
   * Left as they are: too large, unreadable, separate repositories, or formerly ignored and no longer ignored
   * under the restored rules.
   */
  skipped: readonly string[];
  /** The commit of the session's branch now; absent when it has none. */
  head?: string;
}

/**
 * Restores worktree and session documents byte for byte from a checkpoint; ignored files stay. The session's branch
 * moves back to the checkpoint's commit and is checked out, with a matching index. The previous state is kept first,
 * including ignored files in the way and the branch's old tip.
 * An error before this has changed nothing; after it (see `isBegun`) another call completes the work.
 */
export async function restoreCheckpoint(plan: RestorePlan): Promise<Restored> {
  const { commit, worktreePath, sessionDir } = plan;
  await refuseElsewhere(branchOf(plan));
  const store = await openStore(plan);
  const target = await readTarget(store, commit);
  const alsoInWorktree = await takeObstructing(store, plan, target);
  const code = { part: 'worktree', folder: worktreePath } as const;
  const documents = { part: 'session', folder: sessionDir } as const;
  const release = await takeLocks({ worktreePath, branch: plan.branch, context: store.context });
  crashPoint('rewind-locked');
  let undo: Restored['undo'];
  try {
    undo = await keepBefore(store, plan, alsoInWorktree);
    afterStep('undo-kept');
    await moveFiles(store, code, target.worktree);
    afterStep('files-moved');
    await moveFiles(store, documents, target.session);
    afterStep('documents-moved');
  } finally {
    release();
  }
  const head = await moveBranch({ ...branchOf(plan), commit: target.head });
  afterStep('branch-moved');
  const skipped = [
    ...(await compare(store, code, target.worktree)),
    ...(await compare(store, documents, target.session)),
  ];
  return { undo, skipped, head };
}

/** Tests interrupt or fail a rewind after each of these steps. */
function afterStep(done: string): void {
  crashPoint(`rewind-${done}`);
  failPoint(`rewind-${done}`);
}

/** Whether this rewind can have changed files: it first keeps the previous state. */
export async function isBegun(
  plan: Pick<RestorePlan, 'mainRepo' | 'sessionFolder' | 'id' | keyof GitContext>,
) {
  const { mainRepo, sessionFolder, id, ...context } = plan;
  return (await commitOf(undoRef({ sessionFolder, id }), { ...context, cwd: mainRepo })) !== undefined;
}

function undoRef({ sessionFolder, id }: Pick<RestorePlan, 'sessionFolder' | 'id'>): string {
  return checkpointRef(sessionFolder, { kind: 'before_rewind', id });
}

function branchOf(plan: RestorePlan) {
  const { mainRepo, worktreePath, branch } = plan;
  return { mainRepo, worktreePath, branch, ...gitContextOf(plan) };
}

/** @returns files beyond the tree: those no checkpoint takes, and formerly ignored ones */
async function compare(store: CheckpointStore, part: FolderPart, tree: string): Promise<string[]> {
  const { skipped, tree: now } = await takeTree(store, part);
  if (now === tree) return skipped;
  const diff = ['diff-tree', '-r', '-z', '--name-status', '--no-renames', tree, now];
  const fields = namesIn((await runGit(diff, listing(repositoryOptions(store)))).stdout);
  const names = fields.filter((_, index) => index % 2 === 1);
  // Additions are files that were ignored, hence not touched, and no longer are.
  if (names.some((_, index) => fields[index * 2] !== 'A'))
    throw CHECKPOINT_ERRORS.not_restored({ folder: part.folder });
  return [...skipped, ...names.map(readable)];
}

interface Target {
  worktree: string;
  session: string;
  /** Absent when the checkpoint has no commit as its parent. */
  head?: string;
}

async function readTarget(store: CheckpointStore, commit: string): Promise<Target> {
  const options = repositoryOptions(store);
  if ((await commitOf(commit, options)) === undefined) throw CHECKPOINT_ERRORS.checkpoint_gone({ commit });
  const head = await commitOf(`${commit}^1`, options);
  return {
    worktree: await treeIn(store, commit, 'worktree'),
    session: await treeIn(store, commit, 'session'),
    head,
  };
}

/** Updates the private indexes. @returns ignored files in the way, which must be kept too */
async function takeObstructing(store: CheckpointStore, plan: RestorePlan, target: Target): Promise<string[]> {
  clearLocks(store);
  await filesInTheWay(store, { part: 'session', folder: plan.sessionDir }, target.session);
  return await filesInTheWay(store, { part: 'worktree', folder: plan.worktreePath }, target.worktree);
}

/**
 * Files that no checkpoint takes, mostly ignored ones, at, above or below paths of `target`.
 * @returns names as git lists them
 */
async function filesInTheWay(store: CheckpointStore, part: FolderPart, target: string): Promise<string[]> {
  const { tree } = await takeTree(store, part);
  const added = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=AT', tree, target];
  const places = namesIn((await runGit(added, listing(repositoryOptions(store)))).stdout);
  if (places.length === 0) return [];
  const options = partOptions(store, part.part, part.folder);
  const others = namesIn((await runGit(['ls-files', '-z', '--others'], listing(options))).stdout);
  const taken = new Set(places);
  const above = new Set(places.flatMap(foldersAbove));
  const found = others.filter((name) => {
    const path = name.replace(/\/$/, '');
    return taken.has(path) || above.has(path) || foldersAbove(path).some((folder) => taken.has(folder));
  });
  const stateAt = pathStates(part.folder);
  const encrypted = await encryptedAmong(store, part.folder, found);
  const unfit = [...found, ...places].find(
    (name) => name.endsWith('/') || encrypted.has(name) || stateAt(name).kind === 'unfit',
  );
  if (unfit !== undefined) throw CHECKPOINT_ERRORS.in_the_way({ path: readable(unfit) });
  return found;
}

function foldersAbove(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/**
 * Keeps the current state. An interrupted rewind already has a checkpoint; only that one contains the original state.
 */
async function keepBefore(
  store: CheckpointStore,
  { commit: _commit, ...plan }: RestorePlan,
  alsoInWorktree: string[],
): Promise<{ ref: string; commit: string }> {
  const { id, ...place } = plan;
  const ref = undoRef(plan);
  const earlier = await commitOf(ref, repositoryOptions(store));
  if (earlier !== undefined) {
    await takeTree(store, { part: 'worktree', folder: plan.worktreePath, also: alsoInWorktree });
    return { ref, commit: earlier };
  }
  const moment = { kind: 'before_rewind', id } as const;
  const { commit } = await keepCheckpoint({ ...place, moment, alsoInWorktree });
  return { ref, commit };
}

interface LockPlace {
  worktreePath: string;
  branch: string;
  context: GitContext;
}

/** Distinguishes our lock, left by an interrupted rewind, from git's. */
const OURS = 'samocode rewind\n';

/**
 * Takes git's locks on a worktree's index, HEAD and branch, so that no other git process changes them.
 * @returns a function that releases them
 */
async function takeLocks({ worktreePath, branch, context }: LockPlace): Promise<() => void> {
  const names = ['index.lock', 'HEAD.lock', `refs/heads/${branch}.lock`];
  const ask = ['rev-parse', '--path-format=absolute', ...names.flatMap((name) => ['--git-path', name])];
  const paths = (await gitLine(ask, { ...context, cwd: worktreePath })).split('\n');
  const taken: string[] = [];
  const release = () => {
    for (const path of taken) rmSync(path, { force: true });
  };
  try {
    for (const path of paths) {
      if (!hasFolder(path)) continue;
      if ((await plainText(path, OURS.length)) !== OURS) takeLock(path);
      taken.push(path);
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/**
 * Creates the folder for a branch that is only packed. @returns false with reftables: a file is in the
 * folder's place, so there is no lock to take
 */
function hasFolder(path: string): boolean {
  try {
    makeFolder(dirname(path));
    return true;
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
    return false;
  }
}

function takeLock(path: string): void {
  try {
    writeFileSync(path, OURS, { flag: 'wx', flush: true });
  } catch (error) {
    throw systemErrorCode(error) === 'EEXIST' ? GIT_ERRORS.git_locked({ lock: path }) : error;
  }
}

/**
 * Moves a folder's files from the tree in its index to another; git refuses to overwrite anything unknown. Files
 * covered by ignore rules or encrypting filters of that tree stay, even if they were not covered before.
 */
async function moveFiles(store: CheckpointStore, part: FolderPart, target: string): Promise<void> {
  const now = await writeTree(store, part);
  if (now === target) return;
  const options = partOptions(store, part.part, part.folder);
  // Otherwise a file rewritten with the same bytes is refused as changed.
  await refresh(options);
  await runGit(['read-tree', '-m', '-u', now, target], options);
  const removed = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=D', now, target];
  const names = namesIn((await runGit(removed, listing(repositoryOptions(store)))).stdout);
  if (part.part === 'session' || names.length === 0) return;
  const ask = listing({ ...options, input: listOf(names), allowFailure: true });
  const ignored = namesIn((await runGit(['check-ignore', '-z', '--stdin'], ask)).stdout);
  const stay = [...ignored, ...(await encryptedAmong(store, part.folder, names))];
  if (stay.length > 0) await restoreFiles(store, options, { tree: now, names: stay });
}

async function restoreFiles(
  { dir }: CheckpointStore,
  options: GitOptions,
  { tree, names }: { tree: string; names: readonly string[] },
): Promise<void> {
  const index = join(dir, 'aside.index');
  const aside = { ...options, env: { ...options.env, GIT_INDEX_FILE: index } };
  try {
    await runGit(['read-tree', tree], aside);
    const input = listOf(names);
    await runGit(['checkout-index', '-z', '--stdin'], { ...aside, input, allowFailure: true });
  } finally {
    await rm(index, { force: true });
  }
}

function listOf(names: readonly string[]): Buffer {
  return rawBytes(`${names.join('\0')}\0`);
}
