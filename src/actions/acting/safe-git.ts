import { commonDirOf } from '../../project/git/common-dir.ts';
import { acceptedAt, readExecuting } from '../../project/git/executing-settings.ts';
import { undoChanged } from '../../project/git/git-programs.ts';
import type { GitContext } from '../../project/git/repository.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from './context.ts';

/**
 * How git is run on a session's worktree outside of its worker: no program is started by settings that nobody has
 * accepted.
 */
export async function safeGit(view: SessionView, { env }: Pick<ActionContext, 'env'>): Promise<GitContext> {
  const plain = { baseEnv: env };
  const { sessionFile, state, paths } = view;
  if (sessionFile === undefined) return plain;
  const commonDir = await commonDirOf(sessionFile.mainRepo, plain);
  const worktreePath = state.worktree?.path;
  const folders = { commonDir, worktreePath };
  const now = await readExecuting(folders, plain).catch(() => undefined);
  if (now === undefined) return plain;
  return { ...plain, config: undoChanged(await acceptedAt(paths.gitSettings, now), now, env) };
}
