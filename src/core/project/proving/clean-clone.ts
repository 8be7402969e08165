import { appendFile, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ifExists } from '../../kernel/errors.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { checkOutSubmodules } from '../git/check-out-submodules.ts';
import { type ConfigEntry, configEntries } from '../git/config.ts';
import {
  CHECKOUT_LIMIT_MS,
  type GitOptions,
  gitLine,
  literalPathspec,
  readRecords,
  runGit,
} from '../git/git.ts';
import type { Setting } from '../git/git-programs.ts';
import { borrow, fetchObjects, fetchWithoutHistory, makeRepository, OFFLINE } from '../git/own-repository.ts';
import { listing, namesIn } from '../git/path-bytes.ts';
import { removeAtOnce, removeTree } from '../git/remove-tree.ts';
import { commonDirOf, type GitContext } from '../git/repository.ts';

export interface ClonePlan {
  mainRepo: string;
  /** Its git folder, as `commonDirOf` reads it; git is asked if it is not given. */
  commonDir?: string;
  /** The worktree's git folder, which may have submodules that MAIN_REPO lacks. */
  worktreeGitDir?: string;
  /** Replaced if it exists. */
  dir: string;
  /** Checked out as the tip of `branch`. */
  commit: string;
  branch: string;
  /** Attributes are taken from it. */
  base: string;
  /** Agents can replace objects of MAIN_REPO: fetch the commit, which verifies its hashes. */
  areObjectsWritable?: boolean;
}

/**
 * Makes a separate repository with one commit checked out and the refs of MAIN_REPO. It borrows objects from there, but
 * neither hooks nor settings, except the user's checkout filters.
 * @returns these filters
 * @throws GitError; the system error when the folder can't be created
 */
export async function makeClone(plan: ClonePlan, context: GitContext): Promise<Setting[]> {
  const { worktreeGitDir, dir, commit, branch, base, areObjectsWritable } = plan;
  await removeAtOnce(dir);
  const lender = await lenderOf(plan, context);
  const { main, commonDir, settings } = lender;
  await makeEmpty(plan, [commit, base], lender);
  // git-lfs looks for its files next to borrowed objects, but here none are borrowed yet.
  const lfs: Setting[] = areObjectsWritable ? [['lfs.storage', join(commonDir, 'lfs')]] : [];
  const filters = filtersIn(settings, commonDir);
  const config = [...lfs, ...filters, ...(context.config ?? [])];
  const clone = { ...context, config, cwd: dir, env: OFFLINE, timeoutMs: CHECKOUT_LIMIT_MS };
  await checkOut(clone, { commit, base, lender });
  // Not before: with them, a fetch of single objects would look for their commits.
  await writeRefs(dir, { main, commit, branch });
  const modules = [commonDir, ...(worktreeGitDir === undefined ? [] : [worktreeGitDir])];
  const mayHaveModules =
    statsAt(join(dir, '.gitmodules')) !== undefined || lender.extent.sparse !== undefined;
  if (mayHaveModules)
    await checkOutSubmodules({ dir, commit, modules, areObjectsWritable }, { ...context, config });
  // The rest of the history, for checks that compare with it.
  if (areObjectsWritable) await borrow(dir, [commonDir]);
  await rm(join(dir, '.git/shallow'), { force: true });
  await ifExists(copyFile(join(commonDir, 'shallow'), join(dir, '.git/shallow')));
  // Last: with a remote set, a filter would request missing files from it.
  const url = settings.findLast(({ key }) => key === 'remote.origin.url')?.value;
  if (url) await appendFile(join(dir, '.git/config'), `[remote "origin"]\n\turl = ${quotedSetting(url)}\n`);
  return filters;
}

/** A value as git's settings files have it. */
function quotedSetting(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

/** Refuses a commit that doesn't match its hashes: agents may have replaced objects. */
export async function requireSound(
  { mainRepo, dir, commit }: Pick<ClonePlan, 'mainRepo' | 'dir' | 'commit'>,
  context: GitContext,
): Promise<void> {
  const lender = await lenderOf({ mainRepo, areObjectsWritable: true }, context);
  await removeTree(dir);
  try {
    await makeEmpty({ dir, commit, branch: 'sound' }, [commit], lender);
    if (lender.extent.promisor === undefined) return;
    const clone = { ...context, cwd: dir };
    await readCommit(clone, commit, lender.extent);
    await completeFiles(clone, lender);
  } finally {
    await removeTree(dir);
  }
}

async function lenderOf(
  plan: Pick<ClonePlan, 'mainRepo' | 'commonDir' | 'areObjectsWritable'>,
  context: GitContext,
): Promise<Lender> {
  const { mainRepo, areObjectsWritable } = plan;
  const main = { ...context, cwd: mainRepo };
  const commonDir = plan.commonDir ?? (await commonDirOf(mainRepo, context));
  const settings = await configEntries(main);
  return { main, commonDir, settings, areObjectsWritable, extent: await sparseExtentOf(main, settings) };
}

/** Makes a repository that has commits, and files as far as MAIN_REPO has them, but checks out none. */
async function makeEmpty(
  { dir, ...plan }: Pick<ClonePlan, 'dir' | 'commit' | 'branch'>,
  commits: readonly string[],
  { main: { cwd: _, ...context }, commonDir, extent, areObjectsWritable }: Lender,
): Promise<void> {
  await makeRepository(dir, plan, context);
  const isPartial = extent.promisor !== undefined;
  if (areObjectsWritable) await fetchWithoutHistory(dir, commonDir, commits, { ...context, isPartial });
  else await borrow(dir, [commonDir]);
  await makeSparse(extent, dir);
}

/**
 * Copies the refs of MAIN_REPO, for checks that compare with another branch or need a tag. `branch` always points to
 * the checked-out commit.
 */
async function writeRefs(
  dir: string,
  { main, commit, branch }: { main: GitOptions; commit: string; branch: string },
): Promise<void> {
  const list = [
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    'refs/heads',
    'refs/remotes',
    'refs/tags',
  ];
  // As bytes: a ref name need not be text.
  const own = Buffer.from(`refs/heads/${branch}`).toString('latin1');
  const others: string[] = [];
  const take = (line: string) => {
    if (line.slice(line.indexOf(' ') + 1) !== own) others.push(line);
  };
  await readRecords(list, { ...main, encoding: 'latin1' }, take, '\n');
  // git 2.55 refuses the line without the trailing space.
  const text = ['# pack-refs with: ', ...others, `${commit} ${own}`, ''].join('\n');
  await writeFile(join(dir, '.git/packed-refs'), text, 'latin1');
}

/** Filters from `git lfs install --local` and the like: the user's own, like settings outside the repository. */
function filtersIn(settings: readonly ConfigEntry[], commonDir: string): Setting[] {
  const own = settings.filter(
    ({ scope, key }) => scope === 'local' && /^(?:filter\.|lfs\.storage$)/.test(key),
  );
  // Relative to the git folder.
  return own.map(({ key, value }) => [
    key,
    key === 'lfs.storage' && !value.startsWith('/') ? join(commonDir, value) : value,
  ]);
}

/** Takes attributes from the base: a branch's own attributes could change how its files are checked out. */
async function checkOut(
  clone: GitOptions,
  { commit, base, lender }: { commit: string; base: string; lender: Lender },
): Promise<void> {
  const list = ['diff', '--name-only', '-z', '--no-renames', base, commit, '--', ':(glob)**/.gitattributes'];
  const all = base === commit ? [] : namesIn((await runGit(list, clone)).stdout);
  const { sparse, promisor } = lender.extent;
  if (all.length === 0 && sparse === undefined && promisor === undefined) {
    await runGit(['read-tree', '--reset', '-u', commit], clone);
    return;
  }
  await readCommit(clone, commit, lender.extent);
  const changed = await withinSparse(all, clone, lender.extent);
  if (changed.length > 0) {
    const absent = `0 ${'0'.repeat(commit.length)}\t`;
    const entries = (await runGit(['ls-tree', '-z', base, '--', ...changed.map(literalPathspec)], clone))
      .stdout;
    const input = [...changed.map((path) => `${absent}${path}`), ...entries.split('\0').filter(Boolean)];
    await runGit(['update-index', '-z', '--index-info'], { ...clone, input: `${input.join('\0')}\0` });
  }
  await completeFiles(clone, lender);
  await runGit(['checkout-index', '--all', '--force', '--index', '--quiet'], clone);
  if (changed.length === 0) return;
  await readCommit(clone, commit, lender.extent);
  await completeFiles(clone, lender);
  await runGit(['checkout-index', '--force', '--index', '--quiet', '-z', '--stdin'], {
    ...clone,
    input: `${changed.join('\0')}\0`,
    allowFailure: true,
  });
}

/** The part of its commits that MAIN_REPO has: a clone gets the same, as the session's worktree does. */
interface SparseExtent {
  /** Present if its checkout is sparse. */
  sparse?: { patterns: string; isCone: boolean } | undefined;
  /** The remote that has the objects which a partial clone lacks. */
  promisor?: string;
}

async function sparseExtentOf(main: GitOptions, settings: readonly ConfigEntry[]): Promise<SparseExtent> {
  const values = new Map(settings.map(({ key, value }) => [key, value]));
  const isOn = (key: string) => /^(?:true|yes|on|1)$/i.test(values.get(key) ?? '');
  const remotes = [...values.keys()].filter((key) => /^remote\..*\.promisor$/.test(key) && isOn(key));
  const promisor =
    values.get('extensions.partialclone') ?? remotes[0]?.slice('remote.'.length, -'.promisor'.length);
  if (!isOn('core.sparsecheckout')) return { promisor };
  const ask = ['rev-parse', '--path-format=absolute', '--git-path', 'info/sparse-checkout'];
  const patterns = await ifExists(readFile(await gitLine(ask, main), 'utf8'));
  const sparse = patterns === undefined ? undefined : { patterns, isCone: isOn('core.sparsecheckoutcone') };
  return { promisor, sparse };
}

/** Makes a new clone as sparse as MAIN_REPO. */
async function makeSparse({ sparse }: SparseExtent, dir: string): Promise<void> {
  if (sparse === undefined) return;
  makeFolder(join(dir, '.git/info'));
  await writeFile(join(dir, '.git/info/sparse-checkout'), sparse.patterns);
  const settings = `[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = ${sparse.isCone}\n`;
  await appendFile(join(dir, '.git/config'), settings);
}

/** Reads a commit into the clone's index; files beyond the sparse patterns are marked. */
async function readCommit(clone: GitOptions, commit: string, { sparse }: SparseExtent): Promise<void> {
  await runGit(['read-tree', commit], clone);
  if (sparse !== undefined) await runGit(['sparse-checkout', 'reapply'], clone);
}

/** Leaves out the files beyond the sparse patterns. */
async function withinSparse(
  names: readonly string[],
  clone: GitOptions,
  { sparse }: SparseExtent,
): Promise<readonly string[]> {
  if (sparse === undefined || names.length === 0) return names;
  const { stdout } = await runGit(['ls-files', '-t', '-z', '--', ...names.map(literalPathspec)], clone);
  const skipped = new Set(namesIn(stdout).filter((entry) => entry.startsWith('S ')));
  return names.filter((name) => !skipped.has(`S ${name}`));
}

/** MAIN_REPO, whose objects a clone gets. */
interface Lender {
  main: GitOptions;
  commonDir: string;
  settings: readonly ConfigEntry[];
  extent: SparseExtent;
  /** Agents can replace its objects: they are fetched, not borrowed. */
  areObjectsWritable?: boolean;
}

/**
 * Fetches the content of files in the clone's index: into MAIN_REPO the objects that it lacks, from its remote in
 * one call, and into a clone that does not borrow those that the clone lacks. Does nothing if MAIN_REPO has
 * everything.
 */
async function completeFiles(clone: GitOptions, lender: Lender): Promise<void> {
  const { main, commonDir, extent, areObjectsWritable } = lender;
  if (extent.promisor === undefined) return;
  const { stdout } = await runGit(['ls-files', '-s', '-t', '-z'], listing(clone));
  const wanted = namesIn(stdout).flatMap((entry) => NEEDED.exec(entry)?.[1] ?? []);
  // Asked in the clone, which has no remote: in MAIN_REPO git would fetch each missing object with a separate process.
  const env = { ...clone.env, GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(join(commonDir, 'objects')) };
  await fetchObjects(await missing(wanted, { ...clone, env }), extent.promisor, main);
  if (!areObjectsWritable) return;
  const local = { ...clone, env: { ...clone.env, GIT_ALLOW_PROTOCOL: 'file' } };
  await fetchObjects(await missing(wanted, clone), pathToFileURL(commonDir).href, local);
}

/** A file or link without the mark of a sparse checkout. */
const NEEDED = /^[^S] 1[02]\d{4} ([0-9a-f]+) 0\t/;

async function missing(hashes: readonly string[], options: GitOptions): Promise<string[]> {
  const input = [...new Set(hashes)].map((hash) => `${hash}\n`).join('');
  const { stdout } = await runGit(['cat-file', '--batch-check'], listing({ ...options, input }));
  return stdout.split('\n').flatMap((line) => /^(\S+) missing$/.exec(line)?.[1] ?? []);
}
