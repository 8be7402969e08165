import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorCode } from '../../base/errors.ts';
import { crashPoint, failPoint } from '../../base/fault-points.ts';
import { plainText } from '../../base/files/plain-file.ts';
import { gitLine, runGit } from '../git/git.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { listing, namesIn, readable } from '../git/path-bytes.ts';
import { commitOf, type GitContext } from '../git/repository.ts';
import { WORKTREE_ERRORS } from '../git/worktree-errors.ts';
import { type CheckpointPlan, keepCheckpoint } from './checkpoint.ts';
import { refOf } from './checkpoint-refs.ts';
import {
  type CheckpointStore,
  clearLocks,
  openStore,
  partOptions,
  repositoryOptions,
} from './checkpoint-store.ts';
import { pathStates } from './file-bounds.ts';
import { moveBranch, refuseElsewhere } from './move-branch.ts';
import { moveFiles } from './move-files.ts';
import { encryptedAmong, type FolderPart, takeTree } from './take-files.ts';

export interface RestorePlan extends Omit<CheckpointPlan, 'moment' | 'alsoInWorktree'> {
  commit: string;
  /** Names this rewind: called again with the same name, it goes on where it was cut off. */
  id: string;
}

export interface Restored {
  /** What stood there before, as a checkpoint: restoring it undoes this. */
  undo: { ref: string; commit: string };
  /**
   * Left as they are: too large, unreadable, repositories of their own, or ignored until now and no more by
   * the rules that came back.
   */
  skipped: readonly string[];
  /** The commit that the session's branch stands on now; absent when it has none. */
  head?: string;
}

/**
 * Puts worktree and session documents back as a checkpoint has them, byte for byte; ignored files stay. The
 * session's branch goes back to the commit that the checkpoint stands on and is checked out; the index
 * equals it. All that stood there before is kept first, ignored files in the way too, and the branch's old tip.
 * Before that is kept, an error has changed nothing; after it (see `isBegun`) another call completes the work.
 * @throws checkpoint_gone, in_the_way, branch_elsewhere, git_locked, GitError, not_restored
 */
export async function restoreCheckpoint(plan: RestorePlan): Promise<Restored> {
  const { commit, worktreePath, sessionDir } = plan;
  await refuseElsewhere(branchOf(plan));
  const store = await openStore(plan);
  const target = await readTarget(store, commit);
  const alsoInWorktree = await takeStanding(store, plan, target);
  const code = { part: 'worktree', folder: worktreePath } as const;
  const documents = { part: 'session', folder: sessionDir } as const;
  const release = await takeLocks({ worktreePath, branch: plan.branch, context: store.context });
  crashPoint('rewind-locked');
  let undo: Restored['undo'];
  try {
    undo = await keepBefore(store, plan, alsoInWorktree);
    stepOf('undo-kept');
    await moveFiles(store, code, target.worktree);
    stepOf('files-moved');
    await moveFiles(store, documents, target.session);
    stepOf('documents-moved');
  } finally {
    release();
  }
  const head = await moveBranch({ ...branchOf(plan), commit: target.head });
  stepOf('branch-moved');
  const skipped = [
    ...(await compare(store, code, target.worktree)),
    ...(await compare(store, documents, target.session)),
  ];
  return { undo, skipped, head };
}

/** A rewind may be cut off or fail behind each of its steps. */
function stepOf(done: string): void {
  crashPoint(`rewind-${done}`);
  failPoint(`rewind-${done}`);
}

/** Whether the rewind of that name may have changed files: all that stood there before is kept then. */
export async function isBegun(
  plan: Pick<RestorePlan, 'mainRepo' | 'sessionFolder' | 'id' | keyof GitContext>,
) {
  const { mainRepo, sessionFolder, id, ...context } = plan;
  return (await commitOf(undoRef({ sessionFolder, id }), { ...context, cwd: mainRepo })) !== undefined;
}

function undoRef({ sessionFolder, id }: Pick<RestorePlan, 'sessionFolder' | 'id'>): string {
  return refOf(sessionFolder, { kind: 'before_rewind', id });
}

function branchOf({ mainRepo, worktreePath, branch, signal, baseEnv, config, notes }: RestorePlan) {
  const context = { signal, baseEnv, config, notes };
  return { mainRepo, worktreePath, branch, ...context };
}

/** @returns what is there beyond the tree: what no checkpoint takes, and what was ignored until now */
async function compare(store: CheckpointStore, part: FolderPart, tree: string): Promise<string[]> {
  const { skipped, tree: now } = await takeTree(store, part);
  if (now === tree) return skipped;
  const diff = ['diff-tree', '-r', '-z', '--name-status', '--no-renames', tree, now];
  const words = namesIn((await runGit(diff, listing(repositoryOptions(store)))).stdout);
  const names = words.filter((_, index) => index % 2 === 1);
  // Additions were ignored, so they were not touched, and are ignored no more.
  if (names.some((_, index) => words[index * 2] !== 'A'))
    throw WORKTREE_ERRORS.not_restored({ folder: part.folder });
  return [...skipped, ...names.map(readable)];
}

interface Target {
  worktree: string;
  session: string;
  /** Absent when the checkpoint stands on no commit. */
  head?: string;
}

async function readTarget(store: CheckpointStore, commit: string): Promise<Target> {
  const options = repositoryOptions(store);
  if ((await commitOf(commit, options)) === undefined) throw WORKTREE_ERRORS.checkpoint_gone({ commit });
  const head = await commitOf(`${commit}^1`, options);
  return {
    worktree: await treeIn(store, commit, 'worktree'),
    session: await treeIn(store, commit, 'session'),
    head,
  };
}

/** A folder without files is in no commit, so its tree is the empty one. */
export async function treeIn(store: CheckpointStore, commit: string, part: string): Promise<string> {
  const options = repositoryOptions(store);
  const asked = ['rev-parse', '--verify', '--quiet', `${commit}:${part}`];
  const { exitCode, stdout } = await runGit(asked, { ...options, allowFailure: true });
  return exitCode === 0 ? stdout.trim() : await gitLine(['mktree'], { ...options, input: '' });
}

/** Brings the private indexes up to the files. @returns ignored files that stand in the way and are to be kept too */
async function takeStanding(store: CheckpointStore, plan: RestorePlan, target: Target): Promise<string[]> {
  clearLocks(store);
  await filesInTheWay(store, { part: 'session', folder: plan.sessionDir }, target.session);
  return await filesInTheWay(store, { part: 'worktree', folder: plan.worktreePath }, target.worktree);
}

/**
 * Files that no checkpoint takes, ignored ones mostly, in the place of files of `target`, above or below them.
 * @returns names as git lists them
 * @throws in_the_way for what no checkpoint can hold
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
  if (unfit !== undefined) throw WORKTREE_ERRORS.in_the_way({ path: readable(unfit) });
  return found;
}

function foldersAbove(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Keeps what stands there now. A rewind that was cut off has its first checkpoint already, the only true one. */
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

/** Tells a lock of ours, which a rewind that was cut off has left, from one of git's. */
const OURS = 'samocode rewind\n';

/**
 * Takes git's locks of a worktree's index, its HEAD and its branch, so that no git changes them meanwhile.
 * @returns what releases them @throws git_locked for one that is taken; none is held then
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

/** Made for a branch that only the packed refs hold. Where refs are kept in tables, a file stands in its place: no lock. */
function hasFolder(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
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
