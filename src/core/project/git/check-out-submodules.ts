import { readFile, rm, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { CHECKOUT_LIMIT_MS, type GitOptions, gitLine, literalPathspec, runGit } from './git.ts';
import { borrow, fetchWithoutHistory, makeRepository, OFFLINE } from './own-repository.ts';
import { commitOf, type GitContext } from './repository.ts';

interface Checkout {
  dir: string;
  commit: string;
  /** Agents can replace objects: fetch the commits, which verifies their hashes. */
  areObjectsWritable?: boolean;
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
    if ((await commitOf(commit, inside)) === undefined) {
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
    // Written last: until then the checkout counts as interrupted.
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
    // Of the index: a submodule beyond the patterns of a sparse checkout has another mark.
    const ask = ['ls-files', '-s', '-t', '-z', '--', literalPathspec(path)];
    const hash = /^H 160000 ([0-9a-f]+) 0\t/.exec((await runGit(ask, options)).stdout)?.[1];
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
