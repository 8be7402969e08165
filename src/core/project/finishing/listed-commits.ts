import { type GitOptions, gitLine } from '../git/git.ts';

/** Hash → tree and parents. */
export type ListedCommits = ReadonlyMap<string, { tree: string; parents: string[] }>;

/** The commits of a range: one call tells more about them than several that count. @param range as for rev-list */
export async function listCommits(range: readonly string[], git: GitOptions): Promise<ListedCommits> {
  const text = await gitLine(['rev-list', '--format=%H %T %P', ...range, '--'], git);
  const lines = text.split('\n').map((line) => line.split(' '));
  return new Map(
    lines.flatMap(([hash = '', tree, ...parents]) =>
      tree === undefined || hash === 'commit' ? [] : [[hash, { tree, parents }]],
    ),
  );
}

/** The listed commits that a commit has in its history, with itself. */
export function historyIn(commits: ListedCommits, from: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [from];
  for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
    const commit = found.has(hash) ? undefined : commits.get(hash);
    if (commit === undefined) continue;
    found.add(hash);
    open.push(...commit.parents);
  }
  return found;
}
