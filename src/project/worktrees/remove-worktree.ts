import { runGit } from '../git/git.ts';
import { realPathAsFar } from '../git/real-path.ts';
import type { StatusEntry } from '../git/status-entries.ts';
import { listWorktrees } from '../git/worktree-list.ts';
import { inspectWorktree, type WorktreePlace } from './inspect-worktree.ts';

export type RemovedWorktree =
  | { kind: 'removed' }
  /** There was nothing; a registration without its folder is dropped. */
  | { kind: 'absent' }
  | { kind: 'foreign'; problem: string }
  | { kind: 'would_lose'; uncommitted: readonly StatusEntry[]; unreachedCommits: number };

/**
 * Removes a session's worktree if nothing is lost by it; its branch stays. Ignored files go with it.
 * @param isKept asked last: whether all that is in it is kept elsewhere, so that it may go as it is
 * @throws GitError: a locked worktree, or one with submodules (`git_submodules`)
 */
export async function removeWorktree(
  place: WorktreePlace,
  isKept?: () => Promise<boolean>,
): Promise<RemovedWorktree> {
  const { mainRepo, worktreePath, ...context } = place;
  const reading = await inspectWorktree(place);
  const options = { ...context, cwd: mainRepo };
  switch (reading.kind) {
    case 'missing':
      await dropRegistration(place);
      return { kind: 'absent' };
    case 'foreign':
      return reading;
    case 'present': {
      const { uncommitted, unreachedCommits } = reading;
      const mayGo = isKept ? await isKept() : uncommitted.length === 0 && unreachedCommits === 0;
      if (!mayGo) return { kind: 'would_lose', uncommitted, unreachedCommits };
      // Without --force git looks again and refuses what was written in the meantime.
      const force = isKept ? ['--force'] : [];
      await runGit(['worktree', 'remove', ...force, '--', worktreePath], options);
      return { kind: 'removed' };
    }
    default:
      return reading satisfies never;
  }
}

async function dropRegistration({ mainRepo, worktreePath, ...context }: WorktreePlace): Promise<void> {
  const path = await realPathAsFar(worktreePath);
  for (const entry of await listWorktrees(mainRepo, context)) {
    if (entry.prunable && (await realPathAsFar(entry.path)) === path) {
      await runGit(['worktree', 'remove', '--', entry.path], { ...context, cwd: mainRepo });
    }
  }
}
