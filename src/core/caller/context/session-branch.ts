import { isOutOfReach } from '../../kernel/sandbox-level.ts';
import { acceptedAt, readExecuting } from '../../project/git/executing-settings.ts';
import type { GitOptions } from '../../project/git/git.ts';
import { isGitError } from '../../project/git/git-errors.ts';
import { UNREAD_SETTINGS, undoChanged } from '../../project/git/git-programs.ts';
import { commonDirOf, type GitContext } from '../../project/git/repository.ts';
import { liveTip, privateGitIn } from '../../sandbox/private-git/private-git.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from './context.ts';

export interface SessionBranch {
  branch: string;
  /** A ref, or a commit: the head of a mirrored session, or the tip in a running agent's own git folder. */
  ref: string;
  base: string;
  baseCommit: string;
  /** Where the work of the session begins: the base, or the commit on it with the files of a chat. */
  firstCommit: string;
  worktreePath: string;
  /** For git in MAIN_REPO; programs named by unaccepted settings are disabled. */
  git: GitContext & Pick<GitOptions, 'cwd' | 'env'>;
}

/** @returns undefined if the session has no branch (yet) */
export async function branchOfSession(
  view: SessionView,
  context: Pick<ActionContext, 'env'>,
): Promise<SessionBranch | undefined> {
  const { sessionFile, state } = view;
  if (sessionFile === undefined || state.worktree === undefined) return undefined;
  const { branch, base, baseCommit, firstCommit = baseCommit, path: worktreePath } = state.worktree;
  const from = { base, baseCommit, firstCommit, worktreePath };
  const git = { ...(await safeGit(view, context)), cwd: sessionFile.mainRepo };
  if (view.mirror?.head !== undefined) return { branch, ref: view.mirror.head, git, ...from };
  const live = state.openIteration && (await liveTip(privateGitIn(view.paths.runDir), branch));
  const own = live ? { ref: live.tip, git: { ...git, env: live.env } } : { ref: `refs/heads/${branch}`, git };
  return { branch, ...own, ...from };
}

/** The result of `ask`, or `otherwise` if git fails. */
export async function unlessGitFails<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isGitError(error)) return otherwise;
    throw error;
  }
}

/**
 * The options with which git runs on a session's worktree outside its worker, without starting programs from
 * settings that its agents could reach and no person accepted.
 */
export async function safeGit(view: SessionView, context: Pick<ActionContext, 'env'>): Promise<GitContext> {
  const { sessionFile, state, paths } = view;
  if (sessionFile === undefined) return { baseEnv: context.env };
  const { mainRepo } = sessionFile;
  if (isGitOutOfReach(view)) return { baseEnv: context.env };
  return await safeGitAt(
    { mainRepo, worktreePath: state.worktree?.path, accepted: paths.gitSettings },
    context,
  );
}

/** Whether the guard keeps all agents of the session from git's settings. */
export function isGitOutOfReach(view: SessionView | undefined): boolean {
  if (view?.sessionFile === undefined || view.mirror !== undefined) return false;
  return isOutOfReach(view.state.sandbox, view.sessionFile.settings.openings);
}

/**
 * Like `safeGit`, for any worktree.
 * @param accepted the file that records the accepted settings; if it does not exist, none are accepted
 */
export async function safeGitAt(
  { mainRepo, worktreePath, accepted }: { mainRepo: string; worktreePath?: string; accepted: string },
  { env }: Pick<ActionContext, 'env'>,
): Promise<GitContext> {
  const plain = { baseEnv: env };
  const commonDir = await commonDirOf(mainRepo, plain);
  const folders = { commonDir, worktreePath };
  const now = await readExecuting(folders, plain).catch(() => undefined);
  if (now === undefined) return { ...plain, config: UNREAD_SETTINGS };
  return { ...plain, config: undoChanged(await acceptedAt(accepted, now), now, env) };
}
