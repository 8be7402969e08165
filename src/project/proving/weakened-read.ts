import type { Weakening } from '../../phases/proving.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { listing } from '../git/path-bytes.ts';
import type { GitContext } from '../git/repository.ts';
import { type ChangedFile, findWeakened, isOfChecks, isTestPath } from './weakened.ts';
import { reachOf } from './weakened-reach.ts';

export interface WeakenedQuestion {
  mainRepo: string;
  base: string;
  commit: string;
  /** The checks. */
  commands: readonly string[];
  /** `Files:` of the approved plan. */
  planned: readonly string[];
}

/** Compares what a commit holds with its base, as far as checks depend on it. */
export async function weakenedIn(question: WeakenedQuestion, context: GitContext): Promise<Weakening[]> {
  const { mainRepo, base, commit, commands, planned } = question;
  const git = { ...context, cwd: mainRepo };
  const entries = await changedEntries(base, commit, git);
  if (entries.length === 0) return [];
  const listed = await runGit(['ls-tree', '-r', '-z', '--name-only', '--full-tree', base], git);
  const paths = new Set(listed.stdout.split('\0'));
  const read = async (path: string) =>
    paths.has(path) ? textOf((await blobs([`${base}:${path}`], git)).at(0)) : undefined;
  const reach = await reachOf(commands, { has: (path) => paths.has(path), read });
  const counts = ({ path, oldPath = path }: Entry) =>
    isOfChecks(path) || isOfChecks(oldPath) || reach.scripts.has(oldPath);
  return findWeakened({
    files: await filesOf(entries.filter(counts), git),
    reach,
    hasTests: [...paths].some(isTestPath),
    excused: planned,
  });
}

/** The difference of the files of some weakenings, cut after so many characters. */
export async function diffOfWeakened(
  { mainRepo, base, commit }: Pick<WeakenedQuestion, 'mainRepo' | 'base' | 'commit'>,
  found: readonly Weakening[],
  context: GitContext,
): Promise<string> {
  const paths = [...new Set(found.map(({ path }) => `:(top,literal)${path}`))];
  const args = ['diff', '--no-color', '--no-renames', '--end-of-options', base, commit, '--', ...paths];
  const { stdout } = await runGit(args, { ...context, cwd: mainRepo, maxChars: MAX_DIFF });
  return stdout;
}

const MAX_DIFF = 200_000;

/** Files of tests that differ from the base, helpers among them. */
export async function changedTestFiles(
  { mainRepo, base, commit }: Pick<WeakenedQuestion, 'mainRepo' | 'base' | 'commit'>,
  context: GitContext,
): Promise<ChangedFile[]> {
  const git = { ...context, cwd: mainRepo };
  const entries = (await changedEntries(base, commit, git)).filter(({ path }) => isTestPath(path));
  return (await filesOf(entries, git)).filter(({ after }) => after !== undefined);
}

interface Entry {
  path: string;
  oldPath?: string;
  /** Names of blobs; undefined where it is no plain file. */
  before: string | undefined;
  after: string | undefined;
}

async function changedEntries(base: string, commit: string, git: GitOptions): Promise<Entry[]> {
  const args = ['diff', '--raw', '--no-abbrev', '-z', '--find-renames', '--end-of-options', base, commit];
  const records = (await runGit([...args, '--'], git)).stdout.split('\0');
  const entries: Entry[] = [];
  for (let at = 0; at < records.length; at += 1) {
    const match = /^:(\d{6}) (\d{6}) (\w+) (\w+) ([A-Z])/.exec(records[at] ?? '');
    if (!match) continue;
    const [, oldMode = '', mode = '', oldBlob = '', blob = '', status = ''] = match;
    const plain = { before: blobOf(oldMode, oldBlob), after: blobOf(mode, blob) };
    const first = records[++at] ?? '';
    if (status === 'R' || status === 'C')
      entries.push({ path: records[++at] ?? '', oldPath: first, ...plain });
    else entries.push({ path: first, ...plain });
  }
  return entries;
}

function blobOf(mode: string, blob: string): string | undefined {
  return mode.startsWith('100') ? blob : undefined;
}

async function filesOf(entries: readonly Entry[], git: GitOptions): Promise<ChangedFile[]> {
  const texts = await blobs(
    entries.flatMap(({ before, after }) => [before ?? '', after ?? '']),
    git,
  );
  return entries.map(({ path, oldPath }, at) => {
    const before = texts[2 * at];
    const after = texts[2 * at + 1];
    return {
      ...{ path, oldPath, before: textOf(before), after: textOf(after) },
      isUnread: before === TOO_LARGE || after === TOO_LARGE,
    };
  });
}

const TOO_LARGE = Symbol('too large');
type Blob = string | typeof TOO_LARGE | undefined;

function textOf(blob: Blob): string | undefined {
  return blob === TOO_LARGE ? '' : blob;
}

const MOST_BYTES = 1024 * 1024;
/** Of all that is compared; what lies beyond it counts as too large. */
const MOST_TOGETHER = 64 * MOST_BYTES;

/** Their texts in the order of their names; an empty name has no text. */
async function blobs(names: readonly string[], git: GitOptions): Promise<Blob[]> {
  const sizes = await sizesOf(names, git);
  let together = 0;
  const isRead = sizes.map((size = 0) => {
    if (size <= MOST_BYTES) together += size;
    return size <= MOST_BYTES && together <= MOST_TOGETHER;
  });
  const wanted = names.filter((_, at) => sizes[at] !== undefined && isRead[at]);
  const input = wanted.map((name) => `${name}\n`).join('');
  const read = await runGit(['cat-file', '--batch'], listing({ ...git, input }));
  let from = 0;
  return sizes.map((size, at) => {
    if (size === undefined) return undefined;
    if (!isRead[at]) return TOO_LARGE;
    const begin = read.stdout.indexOf('\n', from) + 1;
    from = begin + size + 1;
    return Buffer.from(read.stdout.slice(begin, begin + size), 'latin1').toString('utf8');
  });
}

/** Undefined: it is missing, or no blob. */
async function sizesOf(names: readonly string[], git: GitOptions): Promise<(number | undefined)[]> {
  const input = names.map((name) => `${name === '' ? '-' : name}\n`).join('');
  if (names.length === 0) return [];
  const args = ['cat-file', '--batch-check=%(objecttype) %(objectsize)'];
  const lines = (await gitLine(args, listing({ ...git, input }))).split('\n');
  return lines.map((line) => {
    const size = /^blob (\d+)$/.exec(line)?.[1];
    return size === undefined ? undefined : Number(size);
  });
}
