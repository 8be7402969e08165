import { runGit } from './git.ts';
import type { GitContext } from './repository.ts';

export interface ListedWorktree {
  path: string;
  /** Absent without a commit, and in a bare repository. */
  head?: string;
  /** Short name; absent when no branch is checked out. */
  branch?: string;
  /** Its folder is gone, or no longer points back. */
  prunable: boolean;
  /** Why git must not remove it, in the words of the user or git; empty if it is locked without a reason. */
  locked?: string;
}

/** The reason with which git locks a worktree during checkout; an interrupted git leaves it locked. */
export const HALF_MADE = 'initializing';

export async function listWorktrees(mainRepo: string, context: GitContext): Promise<ListedWorktree[]> {
  // Not -z, which git before 2.36 does not know; our paths contain no line break.
  const { stdout } = await runGit(['worktree', 'list', '--porcelain'], { ...context, cwd: mainRepo });
  return parseWorktreeList(stdout);
}

export function parseWorktreeList(text: string): ListedWorktree[] {
  return text
    .split('\n\n')
    .map((block) => {
      const lines = block.split('\n');
      const after = (name: string) =>
        lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
      const branch = after('branch')?.replace(/^refs\/heads\//, '');
      const head = after('HEAD');
      const locked = lines.includes('locked') ? '' : after('locked');
      return {
        path: after('worktree') ?? '',
        prunable: lines.some((line) => /^prunable(?: |$)/.test(line)),
        head,
        branch,
        ...(locked === undefined ? {} : { locked }),
      };
    })
    .filter(({ path }) => path !== '');
}
