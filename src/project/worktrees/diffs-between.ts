import { runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import type { FileChange } from './changes.ts';

/** Two commits: what the first has against the second is wanted. */
export interface CommitPair {
  commit: string;
  before: string;
}

export interface DiffBetween {
  files: Pick<FileChange, 'path' | 'insertions' | 'deletions'>[];
  /** Absent where git was ended for its long output before. */
  patch?: string;
}

/**
 * The differences of many pairs of commits by two runs of git, which starts slower than it compares. One whose commits are
 * gone has none. The pairs to come first are those whose patches are wanted most.
 * @param maxChars characters of all patches
 * @returns by the first commit of each pair
 */
export async function diffsBetween(
  pairs: readonly CommitPair[],
  { maxChars, ...git }: GitContext & { cwd: string; maxChars: number },
): Promise<Map<string, DiffBetween>> {
  const input = pairs.map(({ commit, before }) => `${commit} ${before}\n`).join('');
  const args = ['diff-tree', '--stdin', '-r', '--find-renames'];
  const [counted, patched] = await Promise.all([
    runGit([...args, '--numstat'], { ...git, input, allowFailure: true }),
    runGit([...args, '--patch'], { ...git, input, allowFailure: true, maxChars }),
  ]);
  const patches = byCommit(patched.stdout);
  // The last one ends somewhere within.
  if (patched.truncated) patches.delete([...patches.keys()].at(-1) ?? '');
  return new Map(
    [...byCommit(counted.stdout)].map(([commit, lines]) => {
      const patch = patches.get(commit)?.join('\n').trim();
      return [commit, { files: lines.flatMap(fileOf), patch }];
    }),
  );
}

/** git writes the commit on a line of its own before what it says of it. No line of a patch is one. */
function byCommit(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (/^[0-9a-f]{40,64}$/.test(line)) {
      lines = [];
      found.set(line, lines);
    } else lines.push(line);
  }
  return found;
}

function fileOf(line: string): DiffBetween['files'] {
  const [, insertions = '', deletions = '', path] = /^(\d+|-)\t(\d+|-)\t(.+)$/.exec(line) ?? [];
  if (path === undefined) return [];
  const count = (text: string) => (text === '-' ? null : Number(text));
  return [{ path, insertions: count(insertions), deletions: count(deletions) }];
}
