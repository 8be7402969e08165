import type { ChangedTest, Weakening } from '../../kernel/phases/decision.ts';
import { type GitOptions, literalPathspec, readRecords, runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import { numstatTo } from '../worktrees/changes.ts';
import { textsByPart } from './blob-texts.ts';
import { type ChangedFile, findWeakened, hasChecks, isInstalled, isOfChecks } from './weakened.ts';

/** The commits to compare: the result of a branch and its base. */
export interface ComparedCommits {
  mainRepo: string;
  base: string;
  commit: string;
}

export interface ChangesOfChecks {
  weakened: Weakening[];
  /** Files of tests and CI, and those that define how checks run, in either commit. */
  files: FileOfChecks[];
}

export interface FileOfChecks {
  path: string;
  /** On the base. */
  hadChecks: boolean;
}

/** @param seen what they differ in, if the caller has read it already */
export async function changesOfChecks(
  { mainRepo, base, commit }: ComparedCommits,
  context: GitContext,
  seen?: readonly ChangedEntry[],
): Promise<ChangesOfChecks> {
  const git = { ...context, cwd: mainRepo };
  const all = seen ?? (await changedEntries(base, commit, git));
  const installed = all.filter(({ path }) => isInstalled(path));
  const entries = all.filter(
    ({ path, oldPath = path }) => !isInstalled(path) && (isOfChecks(path) || isOfChecks(oldPath)),
  );
  const weakened: Weakening[] = [];
  const files: FileOfChecks[] = [];
  for await (const { part, texts } of textsByPart(entries, blobsOf, git)) {
    const changed = part.map((entry) => withTexts(entry, texts));
    weakened.push(...findWeakened(changed));
    files.push(...changed.map(fileOfChecks));
  }
  weakened.push(...findWeakened(installed.map(withoutTexts)));
  return { weakened, files };
}

function blobsOf({ before, after }: ChangedEntry): string[] {
  return [before, after].filter((blob) => blob !== undefined);
}

function withTexts(entry: ChangedEntry, texts: ReadonlyMap<string, string>): ChangedFile {
  const textOf = (blob: string | undefined) => (blob === undefined ? undefined : (texts.get(blob) ?? ''));
  return {
    ...entry,
    before: textOf(entry.before),
    after: textOf(entry.after),
    isUnread: blobsOf(entry).some((blob) => !texts.has(blob)),
  };
}

function withoutTexts({ path, blob }: ChangedEntry): ChangedFile {
  return { path, blob, before: undefined, after: undefined };
}

function fileOfChecks({ path, before }: ChangedFile): FileOfChecks {
  return { path, hadChecks: before !== undefined && hasChecks(path, before) };
}

export async function diffOfWeakened(
  { mainRepo, base, commit }: ComparedCommits,
  found: readonly Weakening[],
  context: GitContext,
): Promise<string> {
  const [paths = [], ...others] = byCommandLine(found.map(({ path }) => path));
  const how = ['diff', '--no-color', '--no-renames', '--end-of-options', base, commit];
  const args = [...how, '--', ...paths.map(literalPathspec)];
  const options = { ...context, cwd: mainRepo, maxChars: MAX_DIFF, mayBeCut: true };
  const { stdout, cut } = await runGit(args, options);
  if (!cut && others.length === 0) return stdout;
  return `${stdout}\n(This is cut here. All of it: git diff ${base} ${commit})\n`;
}

const MAX_DIFF = 200_000;
/** Of the paths for one command: a system's limit for all of its arguments is larger. */
const MAX_ARGUMENTS = 60_000;

function byCommandLine(paths: readonly string[]): string[][] {
  const parts: string[][] = [];
  let chars = 0;
  for (const path of new Set(paths)) {
    chars += path.length + 20;
    if (parts.length === 0 || chars > MAX_ARGUMENTS) {
      parts.push([]);
      chars = path.length + 20;
    }
    parts.at(-1)?.push(path);
  }
  return parts;
}

export async function linesChanged(
  { mainRepo, base, commit }: ComparedCommits,
  paths: readonly string[],
  context: GitContext,
): Promise<ChangedTest[]> {
  const found: ChangedTest[] = [];
  const how = ['diff', '--numstat', '--no-renames', '-z', '--end-of-options', base, commit];
  const take = numstatTo(({ path, insertions, deletions }) => {
    found.push(
      insertions === null || deletions === null ? { path } : { path, added: insertions, removed: deletions },
    );
  });
  for (const part of byCommandLine(paths))
    await readRecords([...how, '--', ...part.map(literalPathspec)], { ...context, cwd: mainRepo }, take);
  return found;
}

/** A file that differs between two commits. */
export interface ChangedEntry extends Pick<ChangedFile, 'path' | 'oldPath' | 'isLink' | 'blob'> {
  /** Blob ids; undefined if it is not a plain file. */
  before: string | undefined;
  after: string | undefined;
}

export async function changedEntries(base: string, commit: string, git: GitOptions): Promise<ChangedEntry[]> {
  const args = [
    'diff',
    '--raw',
    '--no-abbrev',
    '-z',
    '--find-renames',
    '--end-of-options',
    base,
    commit,
    '--',
  ];
  const entries: ChangedEntry[] = [];
  let fields: string[] = [];
  await readRecords(args, git, (field) => {
    fields.push(field);
    const [, oldMode = '', mode = '', oldBlob = '', blob = '', status = ''] = RAW.exec(fields[0] ?? '') ?? [];
    const isRename = status === 'R' || status === 'C';
    if (fields.length < (isRename ? 3 : 2)) return;
    const [, path = '', to = path] = fields;
    fields = [];
    entries.push({
      path: to,
      ...(isRename && { oldPath: path }),
      before: blobOf(oldMode, oldBlob),
      after: blobOf(mode, blob),
      blob,
      isLink: mode === '120000',
    });
  });
  return entries;
}

const RAW = /^:(\d{6}) (\d{6}) (\w+) (\w+) ([A-Z])/;

function blobOf(mode: string, blob: string): string | undefined {
  return mode.startsWith('100') ? blob : undefined;
}
