import { gitLine, literalPathspec, readRecords, runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';

export interface ChangeRange extends GitContext {
  /** The worktree; or MAIN_REPO with `head` if the worktree is gone. */
  cwd: string;
  base: string;
  head?: string;
  /** The files or folders to compare; by default all. git shows a rename only if both names are among them. */
  paths?: readonly string[];
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
  const { base, head = 'HEAD', paths = [], ...options } = range;
  const args = ['diff', '--numstat', '-z', '--find-renames', '--end-of-options', base, head, '--'];
  const stat = newStat();
  await readRecords([...args, ...paths.map(literalPathspec)], options, numstatTo(counting(stat, max)));
  return stat;
}

type Stat = DiffStat & { files: FileChange[] };

const newStat = (): Stat => ({ files: [], fileCount: 0, insertions: 0, deletions: 0 });

/** Counts all files and lines, and keeps the first files. */
function counting(stat: Stat, max: number): (file: FileChange) => void {
  return (file) => {
    if (stat.files.length < max) stat.files.push(file);
    stat.fileCount += 1;
    stat.insertions += file.insertions ?? 0;
    stat.deletions += file.deletions ?? 0;
  };
}

/** The names of all files that differ between base and head; both names of a rename. */
export async function changedPaths(range: ChangeRange): Promise<string[]> {
  const { base, head = 'HEAD', ...options } = range;
  const args = ['diff', '--name-only', '--no-renames', '-z', '--end-of-options', base, head, '--'];
  const paths: string[] = [];
  await readRecords(args, options, (path) => paths.push(path));
  return paths;
}

export async function diffPatch(
  range: ChangeRange,
  maxChars = 20_000,
): Promise<{ patch: string; truncated: boolean }> {
  const { base, head = 'HEAD', paths = [], ...options } = range;
  const shape = ['--no-color', '--find-renames', '--src-prefix=a/', '--dst-prefix=b/'];
  const args = ['diff', ...shape, '--end-of-options', base, head, '--', ...paths.map(literalPathspec)];
  const { stdout, cut } = await runGit(args, { ...options, maxChars, mayBeCut: true });
  return { patch: stdout, truncated: cut };
}

/** Takes the records of `--numstat -z` one after the other, and hands over each file. */
export function numstatTo(take: (file: FileChange) => void): (record: string) => void {
  let renamed: Omit<FileChange, 'path'> | undefined;
  return (record) => {
    if (renamed !== undefined) {
      // Both names of a rename follow as separate records.
      if (renamed.renamedFrom === undefined) renamed.renamedFrom = record;
      else {
        if (record && renamed.renamedFrom) take({ path: record, ...renamed });
        renamed = undefined;
      }
      return;
    }
    const match = /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(record);
    if (!match) return;
    const [, insertions = '', deletions = '', path = ''] = match;
    const lines = { insertions: countOf(insertions), deletions: countOf(deletions) };
    if (path) take({ path, ...lines });
    else renamed = lines;
  };
}

function countOf(written: string): number | null {
  return written === '-' ? null : Number(written);
}

export interface CommitPair {
  commit: string;
  before: string;
}

export interface DiffBetween extends DiffStat {
  /** Absent if git was ended before it wrote this, because the output was too long. */
  patch?: string;
}

interface DiffsPlan extends GitContext {
  cwd: string;
  /** Of each diff; all are counted. */
  maxFiles: number;
  /** Characters of all patches. */
  maxChars: number;
}

/**
 * The diffs of many pairs of commits with two git processes, which take longer to start than to compare. Missing
 * commits are omitted. List the most important pairs first: `maxChars` can omit the last ones.
 * @returns the diffs by the first commit of each pair
 */
export async function diffsBetween(
  pairs: readonly CommitPair[],
  { maxChars, maxFiles, ...git }: DiffsPlan,
): Promise<Map<string, DiffBetween>> {
  const input = pairs.map(({ commit, before }) => `${commit} ${before}\n`).join('');
  const args = ['diff-tree', '--stdin', '-r', '--find-renames'];
  const asked = { ...git, input, allowFailure: true };
  const found = new Map<string, DiffBetween>();
  let take: ((line: string) => void) | undefined;
  const countLine = (line: string) => {
    if (!isCommit(line)) return take?.(line);
    const stat = newStat();
    found.set(line, stat);
    take = numstatTo(counting(stat, maxFiles));
  };
  const [, patched] = await Promise.all([
    readRecords([...args, '--numstat'], asked, countLine, '\n'),
    runGit([...args, '--patch'], { ...asked, maxChars, mayBeCut: true }),
  ]);
  const patches = byCommit(patched.stdout);
  // The last patch is incomplete.
  if (patched.cut) patches.delete([...patches.keys()].at(-1) ?? '');
  for (const [commit, diff] of found) {
    const patch = patches.get(commit);
    if (patch !== undefined) diff.patch = patch.join('\n').trim();
  }
  return found;
}

/** git writes the commit on a separate line before its diff. No line of a patch looks like one. */
function isCommit(line: string): boolean {
  return /^[0-9a-f]{40,64}$/.test(line);
}

function byCommit(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (isCommit(line)) {
      lines = [];
      found.set(line, lines);
    } else lines.push(line);
  }
  return found;
}
