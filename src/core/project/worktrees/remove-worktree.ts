import { readFile, realpath, rename } from 'node:fs/promises';
import { ifExists } from '../../kernel/errors.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { runGit } from '../git/git.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { asidePath, clearAside, removeAtOnce } from '../git/remove-tree.ts';
import type { GitContext } from '../git/repository.ts';
import type { StatusEntry } from '../git/status-entries.ts';
import { entryAt, listWorktrees } from '../git/worktree-list.ts';
import { inspectWorktree, uncommittedIn, type WorktreePlace } from './inspect-worktree.ts';
import { dataFolderOf, sandboxOf } from './sandbox-folders.ts';
import { submodulesIn } from './submodules.ts';
import { WORKTREE_ERRORS } from './worktree-errors.ts';

export type RemovedWorktree =
  | { kind: 'removed' }
  /** Nothing to remove; a registration without its folder is dropped. */
  | { kind: 'absent' }
  | { kind: 'foreign'; problem: string }
  | { kind: 'would_lose'; uncommitted: readonly StatusEntry[]; unreachedCommits: number };

/**
 * Removes a session's worktree if nothing is lost; its branch stays. Ignored files are deleted too.
 * @param isKept called last: whether all its content is kept elsewhere, so that it may be removed as it is
 */
export async function removeWorktree(
  place: WorktreePlace,
  isKept?: () => Promise<boolean>,
): Promise<RemovedWorktree> {
  const reading = await inspectWorktree(place);
  switch (reading.kind) {
    case 'missing':
      await dropRegistration(place);
      await removeSandbox(place);
      await clearAside(place.worktreePath);
      return { kind: 'absent' };
    case 'foreign':
      return reading;
    case 'present': {
      const { uncommitted, unreachedCommits } = reading;
      const mayGo = isKept ? await isKept() : uncommitted.length === 0 && unreachedCommits === 0;
      if (!mayGo) return { kind: 'would_lose', uncommitted, unreachedCommits };
      return await setAside(place, { isChecked: isKept !== undefined });
    }
    default:
      return reading satisfies never;
  }
}

/** Renames the worktree atomically, then deletes it; if that is interrupted, a later call finishes it. */
async function setAside(
  place: WorktreePlace,
  { isChecked }: { isChecked: boolean },
): Promise<RemovedWorktree> {
  const { mainRepo, worktreePath, ...context } = place;
  const entry = await entryAt(worktreePath, await listWorktrees(mainRepo, context));
  if (entry?.locked !== undefined)
    throw WORKTREE_ERRORS.worktree_locked({ path: worktreePath, why: entry.locked });
  await refuseMounts(worktreePath);
  if (!isChecked) await refuseSubmodules(worktreePath, context);
  const aside = asidePath(worktreePath);
  await rename(worktreePath, aside);
  // Detects writes since the check above: nothing can write to the old path any more.
  const uncommitted = isChecked ? [] : await uncommittedIn(aside, context);
  if (uncommitted.length > 0) {
    await rename(aside, worktreePath);
    return { kind: 'would_lose', uncommitted, unreachedCommits: 0 };
  }
  crashPoint('set-aside');
  if (entry) await runGit(['worktree', 'remove', '--', entry.path], { ...context, cwd: mainRepo });
  await removeSandbox(place);
  await clearAside(worktreePath);
  return { kind: 'removed' };
}

/** Removes the home that its agents had, and the data of its services; a file that cannot be deleted stays. */
async function removeSandbox({ worktreePath }: WorktreePlace): Promise<void> {
  for (const each of [sandboxOf(worktreePath), dataFolderOf(worktreePath)]) await removeAtOnce(each);
}

async function refuseMounts(worktreePath: string): Promise<void> {
  const path = await realpath(worktreePath);
  // Only Linux has this table.
  const table = (await ifExists(readFile('/proc/self/mountinfo', 'utf8'))) ?? '';
  for (const line of table.split('\n')) {
    const [, , , , escaped = ''] = line.split(' ');
    const mount = escaped.replace(/\\([0-7]{3})/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (mount === path || mount.startsWith(`${path}/`)) throw WORKTREE_ERRORS.worktree_mounted({ mount });
  }
}

async function refuseSubmodules(cwd: string, context: GitContext): Promise<void> {
  if ((await submodulesIn(cwd, context)).some(({ hasWork }) => hasWork))
    throw GIT_ERRORS.git_submodules({ subcommand: 'worktree', cwd });
}

async function dropRegistration(place: WorktreePlace): Promise<void> {
  const { mainRepo, worktreePath, ...context } = place;
  const entry = await entryAt(worktreePath, await listWorktrees(mainRepo, context));
  if (entry?.prunable) await runGit(['worktree', 'remove', '--', entry.path], { ...context, cwd: mainRepo });
}
