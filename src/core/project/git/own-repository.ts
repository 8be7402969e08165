import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { CHECKOUT_LIMIT_MS, type GitOptions, runGit } from './git.ts';
import type { Setting } from './git-programs.ts';
import type { GitContext } from './repository.ts';

// Repositories that samocode makes itself: for the proof, for a merge, for submodules, for comparing.

/** git-lfs uses the borrowed objects, and leaves a pointer for missing ones. */
export const OFFLINE = { GIT_LFS_SKIP_DOWNLOAD_ERRORS: '1' };

/** Makes a repository on a branch without a commit. @param gitDir where its git folder lies, if not inside */
export async function makeRepository(
  dir: string,
  { commit, branch, gitDir = join(dir, '.git') }: { commit: string; branch: string; gitDir?: string },
  context: GitContext,
): Promise<void> {
  for (const folder of [dir, dirname(gitDir)]) makeFolder(folder);
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
  makeFolder(info);
  await writeFile(join(info, 'alternates'), gitDirs.map((path) => `${join(path, 'objects')}\n`).join(''));
}

/**
 * Fetches commits without history over the protocol, which recomputes each hash.
 * @param isPartial the lender lacks objects: no content of files is fetched
 */
export async function fetchWithoutHistory(
  dir: string,
  gitDir: string,
  commits: readonly string[],
  { isPartial = false, ...context }: GitContext & { isPartial?: boolean },
): Promise<void> {
  const filter = isPartial ? ['--filter=blob:none', `--upload-pack=${FILTERING}`] : [];
  const fetch = ['fetch', '--quiet', '--depth=1', '--no-tags', ...filter, '--', pathToFileURL(gitDir).href];
  const settings = join(dir, '.git/config');
  const before = isPartial ? await readFile(settings) : undefined;
  const options = { ...context, cwd: dir, env: { GIT_ALLOW_PROTOCOL: 'file' } };
  await runGit([...fetch, ...new Set(commits)], { ...options, ...forObjects(context) });
  // git has recorded the lender as the remote from which it fetches missing objects.
  if (before !== undefined) await writeFile(settings, before);
}

const FILTERING = 'git -c uploadpack.allowFilter=true upload-pack';

export async function fetchObjects(
  hashes: readonly string[],
  from: string,
  options: GitOptions,
): Promise<void> {
  if (hashes.length === 0) return;
  const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
  const fetch = ['fetch', ...flags, '--upload-pack=git-upload-pack', '--stdin', '--', from];
  const input = hashes.map((hash) => `${hash}\n`).join('');
  await runGit(fetch, { ...options, ...forObjects(options), input });
}

/** Only version 2 serves arbitrary objects. */
function forObjects({ config = [] }: Pick<GitOptions, 'config'>): Pick<GitOptions, 'config' | 'timeoutMs'> {
  return { config: [...config, ['protocol.version', '2']], timeoutMs: CHECKOUT_LIMIT_MS };
}

export async function borrowedBy(options: GitOptions): Promise<string[]> {
  const { stdout } = await runGit(['count-objects', '-v'], options);
  return [...stdout.matchAll(/^alternate: (\/.+)$/gm)].map(([, path = '']) => path);
}
