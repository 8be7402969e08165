import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gitDirOf, sharedDirOf } from '../base/git-pointer.ts';
import { gitLine } from './git.ts';
import type { GitContext } from './repository.ts';

/**
 * The git folder that all worktrees of a repository share, as git names it: absolute, no links in it. Read by plain
 * means where it looks as usual, since a start of git takes longer than all else that is done with the answer.
 * @throws GitError when there is no repository
 */
export async function commonDirOf(repository: string, context: GitContext): Promise<string> {
  const own = (await gitDirOf(repository)) ?? join(repository, '.git');
  const shared = (await sharedDirOf(own)) ?? own;
  if (await isGitDir(shared)) return await realpath(shared);
  return await gitLine(['rev-parse', '--path-format=absolute', '--git-common-dir'], {
    ...context,
    cwd: repository,
  });
}

/** What git asks of a folder before it takes it for one of its own. */
async function isGitDir(path: string): Promise<boolean> {
  const [head, objects, refs] = await Promise.all(
    [lstat(join(path, 'HEAD')), stat(join(path, 'objects')), stat(join(path, 'refs'))].map((asked) =>
      asked.catch(() => undefined),
    ),
  );
  return head !== undefined && objects?.isDirectory() === true && refs?.isDirectory() === true;
}
