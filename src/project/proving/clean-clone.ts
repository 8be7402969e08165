import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ifExists } from '../../base/errors.ts';
import { statsAt } from '../../base/files/path-stats.ts';
import { CHECKOUT_LIMIT_MS, type GitOptions, gitLine, literalPathspec, runGit } from '../git/git.ts';
import type { Setting } from '../git/git-programs.ts';
import { removeAtOnce, removeTree } from '../git/remove-tree.ts';
import { commonDirOf, type GitContext } from '../git/repository.ts';

export interface ClonePlan {
  mainRepo: string;
  /** The worktree's git folder, which may have submodules that MAIN_REPO lacks. */
  worktreeGitDir?: string | undefined;
  /** Replaced if it exists. */
  dir: string;
  /** Checked out as the tip of `branch`. */
  commit: string;
  branch: string;
  /** Attributes are taken from it. */
  base: string;
  /** Agents can replace objects of MAIN_REPO: fetch the commit, which verifies its hashes. */
  areObjectsWritable?: boolean | undefined;
}

/**
 * Makes a separate repository with one commit checked out and the refs of MAIN_REPO. It borrows objects from there, but
 * neither hooks nor settings, except the user's checkout filters.
 * @throws GitError; the system error when the folder can't be created
 */
export async function makeClone(plan: ClonePlan, context: GitContext): Promise<void> {
  const { mainRepo, worktreeGitDir, dir, commit, branch, base, areObjectsWritable } = plan;
  await removeAtOnce(dir);
  const main = { ...context, cwd: mainRepo };
  const commonDir = await commonDirOf(mainRepo, context);
  await makeRepository(dir, { commit, branch }, context);
  if (areObjectsWritable) await fetchWithoutHistory(dir, commonDir, [commit, base], context);
  else await borrow(dir, [commonDir]);
  await writeRefs(dir, { main, commit, branch });
  // git-lfs looks for its files next to borrowed objects, but here none are borrowed yet.
  const lfs: Setting[] = areObjectsWritable ? [['lfs.storage', join(commonDir, 'lfs')]] : [];
  const config = [...lfs, ...(await personalFilters(main, commonDir)), ...(context.config ?? [])];
  const clone = { ...context, config, cwd: dir, env: OFFLINE, timeoutMs: CHECKOUT_LIMIT_MS };
  await checkOut(clone, { commit, base });
  const modules = [commonDir, ...(worktreeGitDir === undefined ? [] : [worktreeGitDir])];
  await checkOutSubmodules({ dir, commit, modules, areObjectsWritable }, { ...context, config });
  // The rest of the history, for checks that compare with it.
  if (areObjectsWritable) await borrow(dir, [commonDir]);
  await rm(join(dir, '.git/shallow'), { force: true });
  await ifExists(copyFile(join(commonDir, 'shallow'), join(dir, '.git/shallow')));
  // Last: with a remote set, a filter would request missing files from it.
  const url = await gitLine(['config', '--get', 'remote.origin.url'], { ...main, allowFailure: true });
  if (url !== '') await runGit(['config', 'remote.origin.url', url], { ...context, cwd: dir });
}

/** git-lfs uses the borrowed objects, and leaves a pointer for missing ones. */
export const OFFLINE = { GIT_LFS_SKIP_DOWNLOAD_ERRORS: '1' };

/** Makes a repository on a branch without a commit. @param gitDir where its git folder lies, if not inside */
export async function makeRepository(
  dir: string,
  { commit, branch, gitDir = join(dir, '.git') }: Pick<ClonePlan, 'commit' | 'branch'> & { gitDir?: string },
  context: GitContext,
): Promise<void> {
  for (const folder of [dir, dirname(gitDir)]) await mkdir(folder, { recursive: true });
  // The hash algorithm follows from the length of a hash.
  const format = `--object-format=${commit.length > 40 ? 'sha256' : 'sha1'}`;
  const config: Setting[] = [...(context.config ?? []), ['init.defaultRefFormat', 'files']];
  const apart = gitDir === join(dir, '.git') ? [] : [`--separate-git-dir=${gitDir}`];
  const init = ['init', '--quiet', '--template=', format, `--initial-branch=${branch}`, ...apart];
  await runGit(init, { ...context, config, cwd: dir });
}

/** Borrows the objects of other git folders. */
export async function borrow(
  dir: string,
  gitDirs: readonly string[],
  gitDir = join(dir, '.git'),
): Promise<void> {
  const info = join(gitDir, 'objects/info');
  await mkdir(info, { recursive: true });
  await writeFile(join(info, 'alternates'), gitDirs.map((path) => `${join(path, 'objects')}\n`).join(''));
}

/** Fetches commits without history over the protocol, which recomputes each hash. */
async function fetchWithoutHistory(
  dir: string,
  gitDir: string,
  commits: readonly string[],
  { config = [], ...context }: GitContext,
): Promise<void> {
  const fetch = ['fetch', '--quiet', '--depth=1', '--no-tags', '--', pathToFileURL(gitDir).href];
  await runGit([...fetch, ...new Set(commits)], {
    ...context,
    // Only version 2 serves arbitrary commits.
    config: [...config, ['protocol.version', '2']],
    cwd: dir,
    env: { GIT_ALLOW_PROTOCOL: 'file' },
    timeoutMs: CHECKOUT_LIMIT_MS,
  });
}

/** Refuses a commit that doesn't match its hashes: agents may have replaced objects. @throws git_damaged, GitError */
export async function requireSound(
  { mainRepo, dir, commit }: Pick<ClonePlan, 'mainRepo' | 'dir' | 'commit'>,
  context: GitContext,
): Promise<void> {
  await removeTree(dir);
  try {
    await makeRepository(dir, { commit, branch: 'sound' }, context);
    await fetchWithoutHistory(dir, await commonDirOf(mainRepo, context), [commit], context);
  } finally {
    await removeTree(dir);
  }
}

/** The object folders a clone borrows from. */
export async function borrowedBy(dir: string, context: GitContext): Promise<string[]> {
  const { stdout } = await runGit(['count-objects', '-v'], { ...context, cwd: dir });
  return [...stdout.matchAll(/^alternate: (\/.+)$/gm)].map(([, path = '']) => path);
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
  const { stdout } = await runGit(list, { ...main, encoding: 'latin1' });
  // As bytes: a ref name need not be text.
  const own = Buffer.from(`refs/heads/${branch}`).toString('latin1');
  const others = stdout
    .split('\n')
    .filter((line) => line !== '' && line.slice(line.indexOf(' ') + 1) !== own);
  const text = ['# pack-refs with:', ...others, `${commit} ${own}`, ''].join('\n');
  await writeFile(join(dir, '.git/packed-refs'), text, 'latin1');
}

/** Filters from `git lfs install --local` and the like: the user's own, like settings outside the repository. */
export async function personalFilters(main: GitOptions, commonDir: string): Promise<Setting[]> {
  const list = ['config', '--local', '-z', '--get-regexp', '^(filter\\..*|lfs\\.storage)$'];
  const { stdout } = await runGit(list, { ...main, allowFailure: true });
  return stdout.split('\0').flatMap((record): Setting[] => {
    const at = record.indexOf('\n');
    if (at < 0) return [];
    const [key, value] = [record.slice(0, at), record.slice(at + 1)];
    // Relative to the git folder.
    return [[key, key === 'lfs.storage' && !value.startsWith('/') ? join(commonDir, value) : value]];
  });
}

/** Takes attributes from the base: a branch's own attributes could change how its files are checked out. */
async function checkOut(
  clone: GitOptions,
  { commit, base }: { commit: string; base: string },
): Promise<void> {
  const attributes = [
    'diff',
    '--name-only',
    '-z',
    '--no-renames',
    base,
    commit,
    '--',
    ':(glob)**/.gitattributes',
  ];
  const changed = (await runGit(attributes, clone)).stdout.split('\0').filter(Boolean);
  await runGit(['read-tree', commit], clone);
  if (changed.length > 0) {
    const absent = `0 ${'0'.repeat(commit.length)}\t`;
    const entries = (await runGit(['ls-tree', '-z', base, '--', ...changed.map(literalPathspec)], clone))
      .stdout;
    const input = [...changed.map((path) => `${absent}${path}`), ...entries.split('\0').filter(Boolean)];
    await runGit(['update-index', '-z', '--index-info'], { ...clone, input: `${input.join('\0')}\0` });
  }
  await runGit(['checkout-index', '--all', '--force', '--index', '--quiet'], clone);
  if (changed.length === 0) return;
  await runGit(['read-tree', commit], clone);
  await runGit(['checkout-index', '--force', '--index', '--quiet', '-z', '--stdin'], {
    ...clone,
    input: `${changed.join('\0')}\0`,
    allowFailure: true,
  });
}

interface Checkout extends Pick<ClonePlan, 'dir' | 'commit' | 'areObjectsWritable'> {
  /** Git folders that may contain the submodules. */
  modules: readonly string[];
  /** The git folder of `dir`, for which git folders of submodules are made; by default they lie in the submodules. */
  gitDir?: string;
}

/** Checks out the submodules available locally; none is downloaded. One that is checked out already is kept. */
export async function checkOutSubmodules(checkout: Checkout, context: GitContext): Promise<void> {
  for (const { name, path, commit, gitDirs } of await submodulesOf(checkout, context)) {
    const dir = join(checkout.dir, path);
    const gitDir = checkout.gitDir && join(checkout.gitDir, 'modules', name);
    const made = gitDir ?? join(dir, '.git');
    if (await isDetached(made)) continue;
    await makeRepository(dir, { commit, branch: 'submodule', ...(gitDir && { gitDir }) }, context);
    // A fetch from a folder that lacks the commit fails.
    if (checkout.areObjectsWritable)
      for (const from of gitDirs)
        await fetchWithoutHistory(dir, from, [commit], context).catch(() => undefined);
    else await borrow(dir, gitDirs, made);
    const inside = { ...context, cwd: dir, env: OFFLINE, timeoutMs: CHECKOUT_LIMIT_MS };
    const has = await runGit(['cat-file', '-e', `${commit}^{commit}`], { ...inside, allowFailure: true });
    if (has.exitCode !== 0) {
      for (const each of new Set([made, join(dir, '.git')])) await rm(each, { recursive: true });
      continue;
    }
    await runGit(['read-tree', commit], inside);
    await runGit(['checkout-index', '--all', '--force', '--index', '--quiet'], inside);
    if (gitDir) await nameOrigin(inside, gitDirs);
    await checkOutSubmodules(
      { ...checkout, dir, commit, modules: gitDirs, ...(gitDir && { gitDir }) },
      context,
    );
    // Last: by it an interrupted checkout is told from a whole one.
    await writeFile(join(made, 'HEAD'), `${commit}\n`);
  }
}

/** For agents who fetch another commit of the submodule. */
async function nameOrigin(inside: GitOptions, [gitDir = '']: readonly string[]): Promise<void> {
  const ask = ['config', '--file', join(gitDir, 'config'), '--get', 'remote.origin.url'];
  const options = { ...inside, allowFailure: true };
  const url = await gitLine(ask, options);
  if (url !== '') await runGit(['remote', 'add', '--', 'origin', url], options);
}

async function isDetached(gitDir: string): Promise<boolean> {
  const head = await ifExists(readFile(join(gitDir, 'HEAD'), 'utf8'));
  return head !== undefined && !head.startsWith('ref: ');
}

interface Submodule {
  name: string;
  /** Relative to the top of the working copy. */
  path: string;
  commit: string;
  /** Local folders that may have its objects. */
  gitDirs: string[];
}

async function submodulesOf(
  { dir, commit, modules }: { dir: string; commit: string; modules: readonly string[] },
  context: GitContext,
): Promise<Submodule[]> {
  const options = { ...context, cwd: dir, allowFailure: true };
  const list = ['config', '--blob', `${commit}:.gitmodules`, '-z', '--get-regexp', '^submodule\\..*\\.path$'];
  const { stdout } = await runGit(list, options);
  const found: Submodule[] = [];
  for (const record of stdout.split('\0')) {
    const at = record.indexOf('\n');
    const name = record.slice('submodule.'.length, at - '.path'.length);
    const path = record.slice(at + 1);
    if (at < 0 || !isBelow(name) || !isBelow(path)) continue;
    const entry = (await runGit(['ls-tree', '-z', commit, '--', literalPathspec(path)], options)).stdout;
    const hash = /^160000 commit ([0-9a-f]+)\t/.exec(entry)?.[1];
    const gitDirs = modules
      .map((folder) => join(folder, 'modules', name))
      .filter((gitDir) => statsAt(join(gitDir, 'objects')) !== undefined);
    if (hash !== undefined && gitDirs.length > 0) found.push({ name, path, commit: hash, gitDirs });
  }
  return found;
}

function isBelow(path: string): boolean {
  return path !== '' && !isAbsolute(path) && !path.split('/').includes('..');
}
