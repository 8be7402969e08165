import { isAbsolute, join } from 'node:path';
import { statsAt } from '../../base/files/look-at.ts';
import { literalPathspec, runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';

export interface Submodule {
  /** From the top of the working copy. */
  path: string;
  commit: string;
  /** Where its objects may be, on this machine. */
  gitDirs: string[];
}

/** The submodules of a commit whose repositories lie below one of the git folders. */
export async function submodulesOf(
  { dir, commit, modules }: { dir: string; commit: string; modules: readonly string[] },
  context: GitContext,
): Promise<Submodule[]> {
  const options = { ...context, cwd: dir, allowFailure: true };
  const list = ['config', '--blob', `${commit}:.gitmodules`, '-z', '--get-regexp', '^submodule\\..*\\.path$'];
  const { stdout } = await runGit(list, options);
  const found: Submodule[] = [];
  for (const record of stdout.split('\0')) {
    const at = record.indexOf('\n');
    const name = record.slice('submodule.'.length, at - '.path'.length);
    const path = record.slice(at + 1);
    if (at < 0 || !isBelow(name) || !isBelow(path)) continue;
    const entry = (await runGit(['ls-tree', '-z', commit, '--', literalPathspec(path)], options)).stdout;
    const hash = /^160000 commit ([0-9a-f]+)\t/.exec(entry)?.[1];
    const gitDirs = modules
      .map((folder) => join(folder, 'modules', name))
      .filter((gitDir) => statsAt(join(gitDir, 'objects')) !== undefined);
    if (hash !== undefined && gitDirs.length > 0) found.push({ path, commit: hash, gitDirs });
  }
  return found;
}

function isBelow(path: string): boolean {
  return path !== '' && !isAbsolute(path) && !path.split('/').includes('..');
}
