import { acceptedAt, readExecuting } from '../../project/git/executing-settings.ts';
import { undoChanged } from '../../project/git/git-programs.ts';
import { commonDirOf, type GitContext } from '../../project/git/repository.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from './context.ts';

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
