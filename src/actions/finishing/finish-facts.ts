import { type BaseBranch, findBaseBranch } from '../../project/finishing/base-branch.ts';
import { readTrash } from '../../project/finishing/trash.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { factsForFinish } from '../../project/worktrees/inspect-worktree.ts';
import type { FinishFacts } from '../../session/commands/judge-finish.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import type { ActionContext } from '../acting/context.ts';
import { safeGit } from '../acting/safe-git.ts';
import type { FinishWay } from './finish-ways.ts';

/** What is known of a session that is to be finished. */
export interface FinishReading {
  facts: FinishFacts;
  /** With `merge`, `pull_request` and `discard`, where there is a branch. */
  base: BaseBranch | undefined;
  git: GitContext;
}

/**
 * Reads what the judges of one way go by.
 * @param isMoved what git knows is then left to the worker, once it knows the new place @throws GitError
 */
export async function readFinishFacts(
  view: SessionView,
  { how, isMoved }: { how: FinishWay; isMoved: boolean },
  context: ActionContext,
): Promise<FinishReading> {
  const { paths, sessionFile, state } = view;
  const { worktree, trash } = state;
  const isBack = how === 'unarchive';
  const git = isBack && trash === undefined ? { baseEnv: context.env } : await safeGit(view, context);
  const main = sessionFile && { mainRepo: sessionFile.mainRepo, ...git };
  const hasBranch = main !== undefined && worktree !== undefined && !isMoved;
  const isInspected = hasBranch && (how === 'keep_branch' || how === 'discard');
  const isMeasured = hasBranch && (how === 'merge' || how === 'pull_request' || how === 'discard');
  const seen = await factsForFinish({
    sessionDir: paths.sessionDir,
    to: sessionPaths(paths.sessionsDir, view.folder, !isBack).sessionDir,
    worktree: isInspected ? { ...main, worktreePath: worktree.path } : undefined,
  });
  const trashReading = isBack && trash && main ? await readTrash(main, trash) : undefined;
  const base = isMeasured ? await findBaseBranch({ ...main, ...worktree }) : undefined;
  return { facts: { ...seen, trashReading }, base, git };
}
