import { gitLine, literalPathspec, runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';

export interface ChangeRange extends GitContext {
  /** The worktree; or MAIN_REPO with `head` if the worktree is gone. */
  cwd: string;
  base: string;
  head?: string;
}

/** Contains text written by others. */
export interface Commit {
  hash: string;
  subject: string;
  /** ISO 8601, with the committer's own offset. */
  committedAt: string;
}

export interface Commits {
  commits: readonly Commit[];
  /** Including those beyond the bound. */
  total: number;
}

export interface FileChange {
  path: string;
  /** Only for renames detected by git. */
  renamedFrom?: string;
  insertions: number | null;
  deletions: number | null;
}

export interface DiffStat {
  files: readonly FileChange[];
  /** Including those beyond the bound. */
  fileCount: number;
  insertions: number;
  deletions: number;
}

export async function commitsSince(range: ChangeRange, max = 20): Promise<Commits> {
  const { base, head = 'HEAD', ...options } = range;
  const between = ['--end-of-options', `${base}..${head}`];
  const total = Number(await gitLine(['rev-list', '--count', ...between], options));
  const format = ['log', '-z', '--format=%H%x00%s%x00%cI', `--max-count=${max}`];
  const fields = (await runGit([...format, ...between], options)).stdout.split('\0');
  const commits: Commit[] = [];
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const [hash = '', subject = '', committedAt = ''] = fields.slice(index, index + 3);
    commits.push({ hash, subject, committedAt: committedAt.trim() });
  }
  return { commits, total };
}

export async function diffStat(range: ChangeRange, max = 200): Promise<DiffStat> {
  const { base, head = 'HEAD', ...options } = range;
  const args = ['diff', '--numstat', '-z', '--find-renames', '--end-of-options', base, head, '--'];
  const files = parseNumstat((await runGit(args, options)).stdout);
  const sum = (field: 'insertions' | 'deletions') => files.reduce((all, file) => all + (file[field] ?? 0), 0);
  return {
    files: files.slice(0, max),
    fileCount: files.length,
    insertions: sum('insertions'),
    deletions: sum('deletions'),
  };
}

/** The names of all files that differ between base and head; both names of a rename. */
export async function changedPaths(range: ChangeRange): Promise<string[]> {
  const { base, head = 'HEAD', ...options } = range;
  const args = ['diff', '--name-only', '--no-renames', '-z', '--end-of-options', base, head, '--'];
  return (await runGit(args, options)).stdout.split('\0').filter(Boolean);
}

export async function diffOfPath(
  range: ChangeRange,
  path: string,
  maxChars = 20_000,
): Promise<{ patch: string; truncated: boolean }> {
  const { base, head = 'HEAD', ...options } = range;
  const args = ['diff', '--no-color', '--end-of-options', base, head, '--', literalPathspec(path)];
  const { stdout, truncated } = await runGit(args, { ...options, maxChars });
  return { patch: stdout, truncated };
}

export function parseNumstat(text: string): FileChange[] {
  const files: FileChange[] = [];
  const records = text.split('\0');
  for (let index = 0; index < records.length; index += 1) {
    const match = /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(records[index] ?? '');
    if (!match) continue;
    const [, insertions = '', deletions = '', path = ''] = match;
    const lines = { insertions: countOf(insertions), deletions: countOf(deletions) };
    if (path) files.push({ path, ...lines });
    else {
      // A rename: both names follow as separate records.
      const [renamedFrom, to] = records.slice(index + 1, index + 3);
      if (renamedFrom && to) files.push({ path: to, renamedFrom, ...lines });
      index += 2;
    }
  }
  return files;
}

function countOf(written: string): number | null {
  return written === '-' ? null : Number(written);
}

export interface CommitPair {
  commit: string;
  before: string;
}

export interface DiffBetween {
  files: Pick<FileChange, 'path' | 'insertions' | 'deletions'>[];
  /** Absent if git was ended before it wrote this, because the output was too long. */
  patch?: string;
}

/**
 * The diffs of many pairs of commits with two git processes, which take longer to start than to compare. Missing
 * commits are omitted. List the most important pairs first: `maxChars` can omit the last ones.
 * @param maxChars characters of all patches
 * @returns the diffs by the first commit of each pair
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
  // The last patch is incomplete.
  if (patched.truncated) patches.delete([...patches.keys()].at(-1) ?? '');
  return new Map(
    [...byCommit(counted.stdout)].map(([commit, lines]) => {
      const patch = patches.get(commit)?.join('\n').trim();
      return [commit, { files: lines.flatMap(fileOf), patch }];
    }),
  );
}

/** git writes the commit on a separate line before its diff. No line of a patch looks like one. */
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
  return path === undefined ? [] : [{ path, insertions: countOf(insertions), deletions: countOf(deletions) }];
}
