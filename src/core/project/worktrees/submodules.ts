import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { checkOutSubmodules } from '../git/check-out-submodules.ts';
import { ALL_FILES_LIMIT_MS, type GitOptions, runGit } from '../git/git.ts';
import { borrow, makeRepository } from '../git/own-repository.ts';
import { listing, namesIn, readable } from '../git/path-bytes.ts';
import type { GitContext } from '../git/repository.ts';

/**
 * Checks out the submodules that the repository has locally, offline, as the clone of a proof does. Their git folders
 * lie where git keeps those of a linked worktree. They borrow the objects of the main checkout's, which the guard shows
 * read-only, so that everything in their own object folders is the work of agents. Nothing else of the repository
 * changes.
 */
export async function addSubmodules(
  worktreePath: string,
  commonDir: string,
  context: GitContext,
): Promise<void> {
  const gitDir = await gitDirOf(worktreePath);
  if (gitDir === undefined || hasNoList(worktreePath, gitDir)) return;
  await checkOutSubmodules({ dir: worktreePath, commit: 'HEAD', modules: [commonDir], gitDir }, context);
}

/** Only a sparse checkout can lack the list of submodules that its commit has. */
function hasNoList(worktreePath: string, gitDir: string): boolean {
  const places = [join(worktreePath, '.gitmodules'), join(gitDir, 'info/sparse-checkout')];
  return places.every((path) => statsAt(path) === undefined);
}

export interface Submodule {
  /** Readable, relative to the top of the worktree. */
  path: string;
  /** It may contain something that the commit and the repository lack. */
  hasWork: boolean;
}

/** The submodules of the commit that is checked out. */
export async function submodulesIn(worktreePath: string, context: GitContext): Promise<Submodule[]> {
  return await submodulesOf('HEAD', { ...context, cwd: worktreePath });
}

async function submodulesOf(commit: string, options: GitOptions): Promise<Submodule[]> {
  const { stdout } = await runGit(['ls-tree', '-r', '-z', '--full-tree', commit], listing(options));
  const found: Submodule[] = [];
  for (const line of namesIn(stdout)) {
    const [, hash = '', name = ''] = /^160000 commit ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
    if (hash === '') continue;
    const path = readable(name);
    found.push({ path, hasWork: await hasWork(join(options.cwd, path), hash, options) });
  }
  return found;
}

/** Compares by a git folder of ours: agents control the settings of a submodule's own. */
async function hasWork(dir: string, commit: string, { env: _, ...context }: GitOptions): Promise<boolean> {
  if ((namesAt(dir) ?? []).length === 0) return false;
  const gitDir = await gitDirOf(dir);
  if (gitDir === undefined || hasOwnObjects(gitDir)) return true;
  if ((await plainText(join(gitDir, 'HEAD'), MAX_HEAD_BYTES))?.trim() !== commit) return true;
  const folder = await mkdtemp(join(tmpdir(), 'samocode-submodule-'));
  try {
    await makeRepository(folder, { commit, branch: 'submodule' }, context);
    await borrow(folder, [gitDir]);
    const env = { GIT_DIR: join(folder, '.git'), GIT_WORK_TREE: dir };
    const options: GitOptions = { ...context, cwd: dir, env, timeoutMs: ALL_FILES_LIMIT_MS };
    await runGit(['read-tree', commit], options);
    const ask = ['ls-files', '-z', '--modified', '--others', '--exclude-standard'];
    if ((await runGit(ask, options)).stdout !== '') return true;
    return (await submodulesOf(commit, options)).some((inner) => inner.hasWork);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const MAX_HEAD_BYTES = 1024;

/** Commits, stashes and staged files; borrowed objects lie elsewhere. */
function hasOwnObjects(gitDir: string): boolean {
  const objects = join(gitDir, 'objects');
  const names = (namesAt(objects) ?? []).filter((name) => name !== 'info' && name !== 'pack');
  return names.length > 0 || (namesAt(join(objects, 'pack')) ?? []).length > 0;
}
