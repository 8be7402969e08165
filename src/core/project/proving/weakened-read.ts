import type { ChangedTest, Weakening } from '../../kernel/phases/proving.ts';
import { type GitOptions, literalPathspec, runGit } from '../git/git.ts';
import { listing, namesIn } from '../git/path-bytes.ts';
import type { GitContext } from '../git/repository.ts';
import {
  type ChangedFile,
  type CheckCommands,
  checkCommands,
  isInstalled,
  isOfChecks,
  isTestPath,
  NEW_SETTINGS,
} from './weakened.ts';

/** The commits to compare: the result of a branch and its base. */
export interface ComparedCommits {
  mainRepo: string;
  base: string;
  commit: string;
}

export interface ChangesOfChecks {
  commands: CheckCommands;
  /** Files of tests and CI, and those that define how checks run, in either commit. */
  files: ChangedFile[];
}

/** What two commits differ in, and the base's package.json, which may name programs of the checks. */
export interface SeenChanges {
  entries: readonly ChangedEntry[];
  packageJson: string;
}

export async function packageJsonAt(commit: string, git: GitOptions): Promise<string> {
  const args = ['show', '--end-of-options', `${commit}:package.json`];
  return (await runGit(args, { ...git, allowFailure: true })).stdout;
}

/** @param seen if the caller has read it already */
export async function changesOfChecks(
  { mainRepo, base, commit }: ComparedCommits,
  checks: { own: readonly string[]; ofPlan: readonly string[] },
  context: GitContext,
  seen?: SeenChanges,
): Promise<ChangesOfChecks> {
  const git = { ...context, cwd: mainRepo };
  const packageJson = seen?.packageJson ?? (await packageJsonAt(base, git));
  const commands = checkCommands(checks.own, checks.ofPlan, packageJson);
  const entries = (seen?.entries ?? (await changedEntries(base, commit, git))).filter(
    ({ path, oldPath = path }) =>
      isInstalled(path) || isOfChecks(path, commands) || isOfChecks(oldPath, commands),
  );
  const texts = await textsOf(
    entries
      .flatMap(({ path, before, after }) => (isInstalled(path) ? [] : [before, after]))
      .filter((blob) => blob !== undefined),
    git,
  );
  const textOf = (blob: string | undefined) => (blob === undefined ? undefined : (texts.get(blob) ?? ''));
  const areSettings = entries.some(({ path, before }) => before === undefined && NEW_SETTINGS.test(path));
  const hadTests = areSettings && (await pathsIn(base, git)).some(isTestPath);
  const files = entries.map(({ before, after, ...entry }) => ({
    ...entry,
    before: textOf(before) ?? (hadTests && NEW_SETTINGS.test(entry.path) ? '' : undefined),
    after: textOf(after),
    isUnread: [before, after].some((blob) => blob !== undefined && !texts.has(blob)),
  }));
  return { commands, files };
}

async function pathsIn(commit: string, git: GitOptions): Promise<string[]> {
  const args = ['ls-tree', '-r', '-z', '--name-only', '--end-of-options', commit];
  return namesIn((await runGit(args, listing(git))).stdout);
}

export async function diffOfWeakened(
  { mainRepo, base, commit }: ComparedCommits,
  found: readonly Weakening[],
  context: GitContext,
): Promise<string> {
  const paths = [...new Set(found.map(({ path }) => literalPathspec(path)))];
  const args = ['diff', '--no-color', '--no-renames', '--end-of-options', base, commit, '--', ...paths];
  const { stdout } = await runGit(args, { ...context, cwd: mainRepo, maxChars: MAX_DIFF });
  return stdout;
}

const MAX_DIFF = 200_000;

export async function linesChanged(
  { mainRepo, base, commit }: ComparedCommits,
  paths: readonly string[],
  context: GitContext,
): Promise<ChangedTest[]> {
  if (paths.length === 0) return [];
  const how = ['--numstat', '--no-renames', '-z'];
  const args = ['diff', ...how, '--end-of-options', base, commit, '--', ...paths.map(literalPathspec)];
  const { stdout } = await runGit(args, { ...context, cwd: mainRepo });
  return [...stdout.matchAll(/(\d+|-)\t(\d+|-)\t([^\0]+)\0/g)].map(([, added, removed, path = '']) =>
    added === '-' ? { path } : { path, added: Number(added), removed: Number(removed) },
  );
}

/** A file that differs between two commits. */
export interface ChangedEntry extends Pick<ChangedFile, 'path' | 'oldPath' | 'isLink' | 'blob'> {
  /** Blob ids; undefined if it is not a plain file. */
  before: string | undefined;
  after: string | undefined;
}

export async function changedEntries(base: string, commit: string, git: GitOptions): Promise<ChangedEntry[]> {
  const args = ['diff', '--raw', '--no-abbrev', '-z', '--find-renames', '--end-of-options', base, commit];
  const records = (await runGit([...args, '--'], git)).stdout.split('\0');
  const entries: ChangedEntry[] = [];
  for (let at = 0; at < records.length; at += 1) {
    const match = /^:(\d{6}) (\d{6}) (\w+) (\w+) ([A-Z])/.exec(records[at] ?? '');
    if (!match) continue;
    const [, oldMode = '', mode = '', oldBlob = '', blob = '', status = ''] = match;
    const blobs = {
      before: blobOf(oldMode, oldBlob),
      after: blobOf(mode, blob),
      blob,
      isLink: mode === '120000',
    };
    const first = records[++at] ?? '';
    const isRename = status === 'R' || status === 'C';
    entries.push(
      isRename ? { path: records[++at] ?? '', oldPath: first, ...blobs } : { path: first, ...blobs },
    );
  }
  return entries;
}

function blobOf(mode: string, blob: string): string | undefined {
  return mode.startsWith('100') ? blob : undefined;
}

const MAX_BYTES = 1024 * 1024;

/** The texts of blobs, one latin1 character for every byte; too large ones are omitted. */
async function textsOf(blobs: readonly string[], git: GitOptions): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  if (blobs.length === 0) return texts;
  const input = `${blobs.join('\n')}\n`;
  const { stdout } = await runGit(['cat-file', '--batch'], listing({ ...git, input }));
  let from = 0;
  for (const blob of blobs) {
    const begin = stdout.indexOf('\n', from) + 1;
    const end = begin + Number(stdout.slice(from, begin).split(' ')[2]);
    if (begin === 0 || !(end < stdout.length)) break;
    if (end - begin <= MAX_BYTES) texts.set(blob, stdout.slice(begin, end));
    from = end + 1;
  }
  return texts;
}
