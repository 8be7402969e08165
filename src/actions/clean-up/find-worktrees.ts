import { basename } from 'node:path';
import type { Project } from '../../project/finding/open-project.ts';
import { pathInside, realPathAsFar } from '../../project/git/real-path.ts';
import { listWorktrees } from '../../project/git/worktree-list.ts';
import type { WorktreePlace } from '../../project/worktrees/inspect-worktree.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import type { ActionContext } from '../acting/context.ts';
import { safeGitAt } from '../acting/safe-git.ts';

/** A worktree in WORKTREES, and the session that works in it, where that still exists. */
export interface FoundWorktree {
  place: WorktreePlace;
  branch: string | undefined;
  view: SessionView | undefined;
}

/** What git knows in WORKTREES; clones of checks and other folders are not among it. */
export async function* findWorktrees(
  { mainRepo, values }: Project,
  views: readonly SessionView[],
  context: ActionContext,
): AsyncGenerator<FoundWorktree> {
  const top = await realPathAsFar(values.worktrees);
  for (const { path, branch } of await listWorktrees(mainRepo, { baseEnv: context.env })) {
    const worktreePath = await realPathAsFar(path);
    if (worktreePath === mainRepo || pathInside(top, worktreePath) === undefined) continue;
    const view = await sessionOf(worktreePath, views);
    // Settings that an agent may have planted start nothing: for a session those that were accepted, else none.
    const { gitSettings } = view?.paths ?? sessionPaths(values.sessions, basename(worktreePath));
    const git = await safeGitAt({ mainRepo, worktreePath, accepted: gitSettings }, context);
    yield { place: { mainRepo, worktreePath, ...git }, branch, view };
  }
}

async function sessionOf(path: string, views: readonly SessionView[]): Promise<SessionView | undefined> {
  for (const view of views) {
    const own = view.state.worktree?.path;
    if (own === undefined ? view.folder === basename(path) : (await realPathAsFar(own)) === path) return view;
  }
  return undefined;
}
