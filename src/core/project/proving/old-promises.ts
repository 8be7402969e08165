import { rm } from 'node:fs/promises';
import type { CellReading, KnownCell } from '../../kernel/phases/proving.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { listing, rawBytes } from '../git/path-bytes.ts';
import { onlyGained } from './added-dependencies.ts';
import { textsByPart } from './blob-texts.ts';
import { type ChangedPath, isAbsent, type Side, type Square } from './square.ts';
import { isManifest } from './square-roles.ts';

/** The tip with some files as on the base. */
export interface Cell {
  commit: string;
  tree: string;
  reading: CellReading;
}

/** What the checks say in a cell. */
export type CellEnd =
  | { kind: 'green'; unlike?: readonly string[] | undefined }
  | ({ kind: 'red' } & NonNullable<KnownCell['red']>)
  | { kind: 'untried'; why: string };
export type Red = Extract<CellEnd, { kind: 'red' }>;

/** Whether the checks of the base hold on the work. */
export type OldPromises =
  /** Nothing was changed that may say what checks do. */
  | { kind: 'unneeded' }
  /** `unlike`: commands that pass, and no longer print lines that they print on the base. */
  | { kind: 'kept'; unlike?: readonly string[] }
  /** The tests of the base fail on the work. */
  | { kind: 'broken'; red: Red; changed: readonly ChangedPath[] }
  /** They pass only with these files of the branch, which may say what checks do. */
  | { kind: 'needs'; red: Red; changed: readonly ChangedPath[] }
  | { kind: 'untried'; why: string };

interface Trying {
  git: GitOptions;
  /** A path for an index of our own. */
  indexPath: string;
  /** Paths that stay as they are: a person approved a plan by which they change. */
  planned?: ReadonlySet<string>;
  /** Runs the checks on a fresh clone of a cell. */
  tryCell(cell: Cell): Promise<CellEnd>;
}

/** Tries the checks of the base on the work: with its tests alone put back, then with all that may steer them. */
export async function tryOldPromises(square: Square, trying: Trying): Promise<OldPromises> {
  const differences = square.differences.filter(({ path }) => !trying.planned?.has(path));
  const tests = differences.filter(({ role, joined }) => role === 'tests' || joined !== undefined);
  const unknown = differences.filter(({ role }) => role === 'unknown');
  if (tests.length + unknown.length === 0) return { kind: 'unneeded' };
  const end = async (reading: CellReading, back: readonly ChangedPath[]) => {
    const asOnBase = back.map(({ path, base, joined = base }) => ({ path, side: joined }));
    const cell = { ...(await cellOf(square.tip, asOnBase, trying)), reading };
    const isWork = cell.tree === (await treeOf(square.tip, trying.git));
    return isWork ? ({ kind: 'green' } as const) : await trying.tryCell(cell);
  };
  let ofTests: CellEnd = await end('tests', tests);
  // A setting of the branch may name a file that its tests bring along: then the next reading judges both.
  if (ofTests.kind === 'red' && unknown.length > 0 && tests.some(isAdded)) {
    const withAdded = await end(
      'tests',
      tests.filter((each) => !isAdded(each)),
    );
    if (withAdded.kind !== 'untried') ofTests = withAdded;
  }
  if (ofTests.kind === 'red') return { kind: 'broken', red: ofTests, changed: tests };
  if (ofTests.kind === 'untried' || unknown.length === 0) return judged(ofTests);
  const { unlike = [] } = ofTests;
  const ofAll = await end('checks', [...tests, ...unknown]);
  if (ofAll.kind !== 'red') return judged(ofAll, unlike);
  const gained = await thoseThatGained(square, unknown, trying.git);
  const rest = unknown.filter((each) => !gained.has(each));
  if (gained.size === 0) return { kind: 'needs', red: ofAll, changed: unknown };
  const without = await end('gained', [...tests, ...rest]);
  return without.kind === 'red' ? { kind: 'needs', red: without, changed: rest } : judged(without, unlike);
}

function judged(end: Exclude<CellEnd, { kind: 'red' }>, before: readonly string[] = []): OldPromises {
  if (end.kind === 'untried') return end;
  const unlike = [...new Set([...before, ...(end.unlike ?? [])])];
  return { kind: 'kept', ...(unlike.length > 0 && { unlike }) };
}

function isAdded({ base }: ChangedPath): boolean {
  return isAbsent(base);
}

async function thoseThatGained(
  { words }: Square,
  unknown: readonly ChangedPath[],
  git: GitOptions,
): Promise<ReadonlySet<ChangedPath>> {
  const all = unknown.filter(({ path, base, tip }) => isManifest(path) && !isAbsent(base) && !isAbsent(tip));
  const manifests = [];
  for await (const { part, texts } of textsByPart(all, ({ base, tip }) => [base.blob, tip.blob], git))
    for (const each of part) {
      const [before, after] = [texts.get(each.base.blob), texts.get(each.tip.blob)];
      if (before !== undefined && after !== undefined) manifests.push({ path: each.path, before, after });
    }
  const paths = new Set(onlyGained(manifests, words).map(({ path }) => path));
  return new Set(all.filter(({ path }) => paths.has(path)));
}

/** The base with tests, and all else that may say what checks do, as on the tip; undefined if there are no tests to try. */
export async function withoutWork(
  { base, differences }: Square,
  place: Pick<Trying, 'git' | 'indexPath'>,
): Promise<Omit<Cell, 'reading'> | undefined> {
  if (!differences.some(({ role, tip }) => role === 'tests' && !isAbsent(tip))) return undefined;
  const ofChecks = differences.filter(({ role }) => role === 'tests' || role === 'unknown');
  const asOnTip = ofChecks.map(({ path, tip }) => ({ path, side: tip }));
  return await cellOf(base, asOnTip, place);
}

/** A commit with some of its paths as given. The same content is the same commit. It lies in no branch. */
async function cellOf(
  commit: string,
  paths: readonly { path: string; side: Side }[],
  { git, indexPath }: Pick<Trying, 'git' | 'indexPath'>,
): Promise<Omit<Cell, 'reading'>> {
  const own = { ...git, env: { ...git.env, GIT_INDEX_FILE: indexPath } };
  // Also what an earlier worker may have left.
  const clear = async () => {
    for (const each of [indexPath, `${indexPath}.lock`]) await rm(each, { force: true });
  };
  await clear();
  try {
    await runGit(['read-tree', commit], own);
    const input = rawBytes(
      paths
        .map(({ path, side }) => entry(path, side))
        .sort()
        .join(''),
    );
    await runGit(['update-index', '-z', '--index-info'], { ...own, input });
    const tree = await gitLine(['write-tree', '--missing-ok'], own);
    return { commit: await withTree(commit, tree, git), tree };
  } finally {
    await clear();
  }
}

/** As `update-index` reads it. What goes has mode 0 and so comes first: a folder may take the place of a file. */
function entry(path: string, side: Side): string {
  return `${isAbsent(side) ? '0' : side.mode} ${side.blob}\t${path}\0`;
}

/** A commit with message, author and parents of another: a check may read them. */
async function withTree(commit: string, tree: string, git: GitOptions): Promise<string> {
  const { stdout } = await runGit(['cat-file', 'commit', commit], listing(git));
  const end = stdout.indexOf('\n\n');
  // The signature is that of the original.
  const head = stdout
    .slice(0, end)
    .replace(/^gpgsig(?:-sha256)? .*(?:\n .*)*\n?/gm, '')
    .trimEnd();
  const input = rawBytes(`${head.replace(/^tree \w+/, `tree ${tree}`)}${stdout.slice(end)}`);
  return await gitLine(['hash-object', '-t', 'commit', '-w', '--stdin'], { ...git, input });
}

async function treeOf(commit: string, git: GitOptions): Promise<string> {
  return await gitLine(['rev-parse', `${commit}^{tree}`], git);
}
