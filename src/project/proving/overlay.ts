import { runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';

export interface Overlay {
  commit: string;
  paths: readonly string[];
}

/** Puts files of another commit over those of a clone. git does it: it writes through no link. */
export async function overlay(dir: string, { commit, paths }: Overlay, context: GitContext): Promise<void> {
  const git = { ...context, cwd: dir };
  const wanted = new Set(paths);
  const entries = (await runGit(['ls-tree', '-r', '-z', '--full-tree', commit], git)).stdout
    .split('\0')
    .filter((entry) => wanted.has(entry.slice(entry.indexOf('\t') + 1)));
  if (entries.length === 0) return;
  const input = `${entries.join('\0')}\0`;
  await runGit(['update-index', '--add', '--replace', '-z', '--index-info'], { ...git, input });
  const names = `${paths.join('\0')}\0`;
  await runGit(['checkout-index', '--force', '--index', '--quiet', '-z', '--stdin'], {
    ...git,
    input: names,
  });
}
