import type { ActionContext } from '../../../core/caller/context/context.ts';
import { contains } from '../../../core/kernel/files/contains.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { realPathAsFar } from '../../../core/project/git/real-path.ts';
import { worktreeFolders } from '../../../core/project/git/worktree-list.ts';

/** Where the programs of a person keep their chats. */
export type ChatPlace = Pick<ActionContext, 'env' | 'home'>;

/** The checkouts in which the chats of a project begin. */
export interface ProjectFolders {
  folders: readonly string[];
  has(cwd: string): Promise<boolean>;
}

/** The main repository and its linked worktrees, without those of sessions, in which agents and no chats work. */
export async function projectFolders({
  mainRepo,
  commonDir,
  values,
}: Pick<Project, 'mainRepo' | 'commonDir'> & {
  values: Pick<Project['values'], 'worktrees'>;
}): Promise<ProjectFolders> {
  const ofSessions = await realPathAsFar(values.worktrees);
  const all = await Promise.all([mainRepo, ...(await worktreeFolders(commonDir))].map(realPathAsFar));
  const folders = [...new Set(all)].filter((folder) => !contains(ofSessions, folder));
  return {
    folders,
    async has(cwd) {
      // It may be below what has become a file.
      const real = await realPathAsFar(cwd).catch(() => '/');
      return !contains(ofSessions, real) && folders.some((folder) => contains(folder, real));
    },
  };
}
