import type { ActionContext } from '../../caller/context/context.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { openingsOf } from '../../project/settings/openings.ts';
import { type ClonePlace, cloneGuard } from './checks-on-clone.ts';

/** Where a project's checks run outside a session, in the guard that its settings require. */
export async function clonePlaceOf(
  { mainRepo, values }: Project,
  context: ActionContext,
): Promise<ClonePlace> {
  const { worktrees: worktreesDir, sessions: sessionsDir, sandbox } = values;
  const isStrict = sandbox === 'strict';
  const folders = { mainRepo, sessionsDir, worktreesDir, openings: openingsOf(values), isStrict };
  const guard = sandbox === 'off' ? undefined : await cloneGuard(folders, context);
  return { mainRepo, worktreesDir, git: { baseEnv: context.env }, guard };
}
