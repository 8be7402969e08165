import { acceptedAt, readExecuting } from '../../project/git/executing-settings.ts';
import type { GitOptions } from '../../project/git/git.ts';
import { isGitError } from '../../project/git/git-errors.ts';
import { undoChanged } from '../../project/git/git-programs.ts';
import { commonDirOf, type GitContext } from '../../project/git/repository.ts';
import { liveTip, privateGitIn } from '../../project/private-git/private-git.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from './context.ts';

export interface SessionBranch {
  branch: string;
  /** A ref; while an agent works, the commit that its own git folder has for the branch. */
  ref: string;
  base: string;
  baseCommit: string;
  worktreePath: string;
  /** For git in MAIN_REPO, with the programs disabled that unaccepted settings name. */
  git: GitContext & Pick<GitOptions, 'cwd' | 'env'>;
}

/** @returns undefined where it has none, or none yet */
export async function branchOfSession(
  view: SessionView,
  context: Pick<ActionContext, 'env'>,
): Promise<SessionBranch | undefined> {
  const { sessionFile, state } = view;
  if (sessionFile === undefined || state.worktree === undefined) return undefined;
  const { branch, base, baseCommit, path: worktreePath } = state.worktree;
  const git = { ...(await safeGit(view, context)), cwd: sessionFile.mainRepo };
  const live = state.openIteration && (await liveTip(privateGitIn(view.paths.runDir), branch));
  const own = live ? { ref: live.tip, git: { ...git, env: live.env } } : { ref: `refs/heads/${branch}`, git };
  return { branch, ...own, base, baseCommit, worktreePath };
}

/** What git says, or `otherwise` where it cannot open the repository. */
export async function unlessGitFails<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isGitError(error)) return otherwise;
    throw error;
  }
}

/**
 * How git is run on a session's worktree outside of its worker: no program is started by settings that nobody has
 * accepted.
 */
export async function safeGit(view: SessionView, context: Pick<ActionContext, 'env'>): Promise<GitContext> {
  const { sessionFile, state, paths } = view;
  if (sessionFile === undefined) return { baseEnv: context.env };
  const { mainRepo } = sessionFile;
  return await safeGitAt(
    { mainRepo, worktreePath: state.worktree?.path, accepted: paths.gitSettings },
    context,
  );
}

/** The same for any worktree. @param accepted the file of what was accepted; without one, nothing of the repository was */
export async function safeGitAt(
  { mainRepo, worktreePath, accepted }: { mainRepo: string; worktreePath?: string; accepted: string },
  { env }: Pick<ActionContext, 'env'>,
): Promise<GitContext> {
  const plain = { baseEnv: env };
  const commonDir = await commonDirOf(mainRepo, plain);
  const folders = { commonDir, worktreePath };
  const now = await readExecuting(folders, plain).catch(() => undefined);
  if (now === undefined) return plain;
  return { ...plain, config: undoChanged(await acceptedAt(accepted, now), now, env) };
}
