import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commonDirOf } from '../git/common-dir.ts';
import { runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';

/** What a clone's files are compared with; its own git folder belongs to whatever has run there since. */
export async function keepIndex(cloneDir: string, indexPath: string): Promise<void> {
  await copyFile(join(cloneDir, '.git/index'), indexPath);
}

/** Names of what was changed or made in a clone since `keepIndex`; a new folder is one name, with a slash at its end. */
export async function changedSince(
  { mainRepo, cloneDir, indexPath }: { mainRepo: string; cloneDir: string; indexPath: string },
  context: GitContext,
): Promise<string[]> {
  // By the settings of MAIN_REPO: those of the clone may name programs by now.
  const env = {
    GIT_DIR: await commonDirOf(mainRepo, context),
    GIT_WORK_TREE: cloneDir,
    GIT_INDEX_FILE: indexPath,
  };
  const options = { ...context, cwd: cloneDir, env };
  const changed = await runGit(['diff-files', '--name-only', '-z'], options);
  const made = await runGit(['ls-files', '--others', '--directory', '-z'], options);
  return `${changed.stdout}${made.stdout}`.split('\0').filter(Boolean);
}
