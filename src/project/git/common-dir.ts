import { gitLine } from './git.ts';
import type { GitContext } from './repository.ts';

/**
 * The git folder that all worktrees of a repository share: absolute, no links in it.
 * @throws GitError when there is no repository
 */
export async function commonDirOf(repository: string, context: GitContext): Promise<string> {
  const ask = ['rev-parse', '--path-format=absolute', '--git-common-dir'];
  return await gitLine(ask, { ...context, cwd: repository });
}
