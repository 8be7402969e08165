import { lstat, readdir } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { systemErrorCode } from '../../kernel/errors.ts';
import { CHECKOUT_LIMIT_MS, type GitOptions, gitLine, runGit } from '../git/git.ts';
import { clearAside, removeAtOnce } from '../git/remove-tree.ts';
import { commitOf, type GitContext } from '../git/repository.ts';
import { areUnknown, entryAt, HALF_MADE, type ListedWorktree, listWorktrees } from '../git/worktree-list.ts';
import { WORKTREE_ERRORS } from './worktree-errors.ts';

export interface WorktreePlan extends GitContext {
  mainRepo: string;
  worktreePath: string;
  branch: string;
  /** Full hash; where a new branch starts, unless `startCommit` says otherwise. */
  baseCommit: string;
  /** A commit on top of the base. */
  startCommit?: string;
}

export interface Worktree {
  /** attached: the branch existed. kept: the worktree too. */
  kind: 'created' | 'attached' | 'kept';
  path: string;
  branch: string;
  head: string;
  /** The commit at which the branch forked from the requested base: the commit to compare with. */
  baseCommit: string;
}

/** Makes sure that the session's worktree exists at its path on its branch; an existing one is kept as it is. */
export async function ensureWorktree(plan: WorktreePlan): Promise<Worktree> {
  const { mainRepo, worktreePath: path, branch, baseCommit, startCommit = baseCommit, ...context } = plan;
  const options = { ...context, cwd: mainRepo };
  await clearAside(path);
  const folder = await occupancyAt(path);
  const isNew = folder === 'free' && (await areUnknown(mainRepo, path, branch));
  const listed = isNew ? [] : await listWorktrees(mainRepo, context);
  const here = await entryAt(path, listed);
  if (here?.locked === HALF_MADE) {
    await removeAtOnce(path);
    await runGit(['worktree', 'remove', '-f', '-f', '--', here.path], options);
    return await ensureWorktree(plan);
  }
  if (here && !here.prunable && folder === 'occupied' && here.branch === branch) {
    const head = await commitOf('HEAD', { ...context, cwd: path });
    return await asWorktree('kept', plan, head ?? baseCommit);
  }
  if (folder === 'occupied') throw WORKTREE_ERRORS.worktree_folder_taken({ path, entry: here });
  const elsewhere = listed.find((entry) => entry !== here && entry.branch === branch);
  if (elsewhere)
    throw WORKTREE_ERRORS.branch_in_use({ branch, path: elsewhere.path, prunable: elsewhere.prunable });
  const tip = isNew ? undefined : await commitOf(`refs/heads/${branch}`, options);
  // A registration without its folder blocks a second one at the same path.
  await checkOutBranch(plan, tip, here ? ['--force'] : []);
  return await asWorktree(tip ? 'attached' : 'created', plan, tip ?? startCommit);
}

/** Adds the worktree, and the branch if it has no tip yet. */
async function checkOutBranch(plan: WorktreePlan, tip: string | undefined, force: string[]): Promise<void> {
  const { mainRepo, worktreePath: path, branch, baseCommit, startCommit = baseCommit, ...context } = plan;
  const options = { ...context, cwd: mainRepo };
  const add = async (...checkout: readonly string[]) =>
    await runGit(['worktree', 'add', '--quiet', ...force, ...checkout], {
      ...options,
      timeoutMs: CHECKOUT_LIMIT_MS,
    });
  if (tip) {
    await add('--', path, branch);
    return;
  }
  try {
    await add('--no-track', '-b', branch, '--', path, startCommit).catch(async (error: unknown) => {
      // The branch was made by a first try, which another git process disturbed.
      const isMade =
        causeOf(error, EXISTS) && (await commitOf(`refs/heads/${branch}`, options)) === startCommit;
      if (!isMade) throw error;
      await add('--', path, branch);
    });
  } catch (error) {
    // A failed `-b` leaves the branch behind. No signal: it is deleted even after an abort.
    const { signal: _, ...withoutSignal } = options;
    await deleteUnusedBranch(branch, startCommit, withoutSignal);
    const other = causeOf(error, BLOCKED)?.[1];
    throw other ? WORKTREE_ERRORS.branch_name_blocked({ branch, other }) : error;
  }
}

/** Whether a checkout there was interrupted, so that nothing has been changed in it. */
export async function isHalfMade({ mainRepo, worktreePath, ...context }: WorktreePlan): Promise<boolean> {
  const entry = await entryAt(worktreePath, await listWorktrees(mainRepo, context));
  return entry?.locked === HALF_MADE;
}

/** git keeps branches as paths: `a` and `a/b` cannot both exist. */
const BLOCKED = /'refs\/heads\/([^']+)' exists; cannot create/;

const EXISTS = /a branch named '.*' already exists/;

function causeOf(error: unknown, words: RegExp): RegExpExecArray | undefined {
  return (error instanceof Error && words.exec(String(error.cause))) || undefined;
}

/** Deletes a branch that is still where it began; git refuses one that is checked out anywhere. */
export async function deleteUnusedBranch(
  branch: string,
  startCommit: string,
  options: GitOptions,
): Promise<void> {
  if ((await commitOf(`refs/heads/${branch}`, options)) !== startCommit) return;
  await runGit(['branch', '--quiet', '-D', '--', branch], { ...options, allowFailure: true });
}

async function asWorktree(kind: Worktree['kind'], plan: WorktreePlan, head: string): Promise<Worktree> {
  const { mainRepo: _, worktreePath: path, branch, baseCommit, ...context } = plan;
  if (head === baseCommit) return { kind, path, branch, head, baseCommit };
  const options = { ...context, cwd: path };
  const fork = await gitLine(['merge-base', baseCommit, head], { ...options, allowFailure: 1 });
  return { kind, path, branch, head, baseCommit: fork || baseCommit };
}

async function occupancyAt(path: string): Promise<'free' | 'occupied'> {
  try {
    if (!(await lstat(path)).isDirectory()) return 'occupied';
    return (await readdir(path)).length === 0 ? 'free' : 'occupied';
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 'free';
    throw error;
  }
}

/**
 * The repository's worktree at `path`, as named by an overview of the original tool; never the main checkout, nor one
 * whose folder is gone. @throws GitError
 */
export async function earlierWorktree(
  path: string,
  mainRepo: string,
  context: GitContext,
): Promise<ListedWorktree | undefined> {
  if (!isAbsolute(path)) return undefined;
  const [_main, ...linked] = await listWorktrees(mainRepo, context);
  const entry = await entryAt(path, linked);
  return entry?.prunable ? undefined : entry;
}
