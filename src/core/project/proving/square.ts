import { dirname } from 'node:path';
import { type GitOptions, readRecords, runGit } from '../git/git.ts';
import { listing, readable } from '../git/path-bytes.ts';
import { textIn } from '../git/repository.ts';
import { textsByPart } from './blob-texts.ts';
import { isNamedCode, isProduct, type Role, roleOf, wordsReached } from './square-roles.ts';
import { activeTests } from './weakened.ts';

/** What a commit has at a path. */
export interface Side {
  mode: string;
  /** The object; in `mode` and here only zeros if nothing is there. */
  blob: string;
}

/** A path in which the tip differs from the base. */
export interface ChangedPath {
  path: string;
  role: Role;
  base: Side;
  tip: Side;
  /** Of mixed code: that of the tip with the tests of the base, as far as they can be told apart. */
  joined?: Side;
  /** Put back, it would take the work back, or its tests cannot be told from its code. */
  isUntried: boolean;
}

/** What a branch changed, by what each file is for. */
export interface Square {
  base: string;
  tip: string;
  differences: readonly ChangedPath[];
  words: ReadonlySet<string>;
}

export function isAbsent({ mode }: Side): boolean {
  return /^0+$/.test(mode);
}

/** Languages whose tests lie in the files of the code. */
const INLINE = /\.(?:rs|zig|d|nim)$/;

/** @param commands CHECK and SETUP, which name files @throws GitError: git that fails is no answer */
export async function squareOf(
  { base, tip }: Pick<Square, 'base' | 'tip'>,
  commands: readonly string[],
  git: GitOptions,
): Promise<Square> {
  const ofBase = await foldersOf(base, git);
  const ofBoth = new Set([...ofBase, ...(await foldersOf(tip, git))]);
  const words = wordsReached(commands, (await textIn(base, 'package.json', git)) ?? '');
  const found = await differencesOf({ base, tip }, git);
  const differences = found.map((each): ChangedPath => {
    // New code must not make a file of the base beside it the product.
    const role = roleOf(each.path, { words, folders: isAbsent(each.base) ? ofBoth : ofBase });
    const isNamed = role === 'unknown' && !isAbsent(each.base) && isNamedCode(each.path, words);
    const isUntried = isNamed && !ofBase.has(dirname(each.path));
    return { ...each, role, isUntried };
  });
  const mayBeMixed = (each: ChangedPath) =>
    each.role === 'product' && INLINE.test(each.path) && !isAbsent(each.base);
  const mixed = new Map<string, ChangedPath>();
  for await (const { part, texts } of textsByPart(differences.filter(mayBeMixed), blobsOf, git))
    for (const each of part) mixed.set(each.path, await withTests(each, texts, git));
  return { base, tip, words, differences: differences.map((each) => mixed.get(each.path) ?? each) };
}

function blobsOf({ base, tip }: Pick<ChangedPath, 'base' | 'tip'>): string[] {
  return [base, tip].filter((side) => !isAbsent(side)).map(({ blob }) => blob);
}

async function foldersOf(commit: string, git: GitOptions): Promise<Set<string>> {
  const folders = new Set<string>();
  const args = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit];
  await readRecords(args, listing(git), (path) => {
    if (isProduct(path)) folders.add(dirname(path));
  });
  return folders;
}

async function differencesOf(
  { base, tip }: Pick<Square, 'base' | 'tip'>,
  git: GitOptions,
): Promise<Pick<ChangedPath, 'path' | 'base' | 'tip'>[]> {
  const found: Pick<ChangedPath, 'path' | 'base' | 'tip'>[] = [];
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--no-abbrev', '--end-of-options', base, tip];
  let head = '';
  await readRecords(args, listing(git), (field) => {
    if (head === '') {
      head = field;
      return;
    }
    const [, oldMode = '', mode = '', old = '', blob = ''] = /^:(\d+) (\d+) (\w+) (\w+)/.exec(head) ?? [];
    found.push({ path: field, base: { mode: oldMode, blob: old }, tip: { mode, blob } });
    head = '';
  });
  return found;
}

async function withTests(
  each: ChangedPath,
  texts: ReadonlyMap<string, string>,
  git: GitOptions,
): Promise<ChangedPath> {
  const before = texts.get(each.base.blob);
  if (before !== undefined && activeTests(before) === 0) return each;
  const after = texts.get(each.tip.blob);
  const text = before === undefined || after === undefined ? undefined : joined(before, after);
  if (text === undefined) return { ...each, role: 'mixed', isUntried: true };
  const input = Buffer.from(text, 'latin1');
  const { stdout } = await runGit(['hash-object', '-w', '--stdin'], { ...git, input });
  return { ...each, role: 'mixed', joined: { mode: each.tip.mode, blob: stdout.trim() } };
}

const RUST_TESTS =
  /^[ \t]*#\[cfg\([^\]]*\btest\b[^\]]*\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub\s+)?mod\s+\w+\s*\{[\s\S]*$/m;

/** By convention the tests of Rust are one module at the end. */
function joined(before: string, after: string): string | undefined {
  const tests = RUST_TESTS.exec(before)?.[0];
  return tests && `${after.replace(RUST_TESTS, '').trimEnd()}\n\n${tests}`;
}

/** Paths as people read them. */
export function pathsOf(differences: readonly ChangedPath[]): string[] {
  return differences.map(({ path }) => readable(path));
}
