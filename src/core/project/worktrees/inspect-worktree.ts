import { lstat, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { gitDirOf, isOwnGitDir, sharedDirOf } from '../../kernel/files/git-pointer.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { type GitOptions, gitLine, readRecords, runGit } from '../git/git.ts';
import { listing, namesIn, pathAt, rawBytes, readable } from '../git/path-bytes.ts';
import { commonDirOf, type GitContext, readRepository } from '../git/repository.ts';
import type { StatusEntry } from '../git/status-entries.ts';
import { readWork } from './as-found.ts';

export interface WorktreePlace extends GitContext {
  mainRepo: string;
  worktreePath: string;
}

export type WorktreeReading =
  | { kind: 'missing' }
  /** It does not belong to MAIN_REPO, so it is neither used nor removed. */
  | { kind: 'foreign'; problem: string }
  | {
      kind: 'present';
      /** Absent when no branch is checked out. */
      branch?: string;
      head: string;
      /** Uncommitted changes, except ignored files and paths unchanged since before any agent. */
      uncommitted: readonly StatusEntry[];
      /** Those that programs of the project wrote, with folders of new files. */
      found: readonly string[];
      /** Commits reachable from no branch, tag or remote: they would be lost with the worktree. */
      unreachedCommits: number;
    };

export async function inspectWorktree(place: WorktreePlace): Promise<WorktreeReading> {
  const { mainRepo, worktreePath, ...context } = place;
  const unusable = await unusableWorktree(place);
  if (unusable !== undefined) return unusable;
  const options = { ...context, cwd: worktreePath };
  const { head = '', branch, work, found } = await readWork(worktreePath, context);
  const unreached = ['rev-list', '--count', 'HEAD', '--not', '--branches', '--tags', '--remotes'];
  return {
    kind: 'present',
    head,
    branch,
    uncommitted: [...work, ...(await hiddenChanges(worktreePath, context))],
    found,
    unreachedCommits: branch || !head ? 0 : Number(await gitLine(unreached, options)),
  };
}

/** Why a worktree can be neither used nor removed; undefined if it can. Reads none of its files. */
export async function unusableWorktree(
  place: WorktreePlace,
): Promise<Exclude<WorktreeReading, { kind: 'present' }> | undefined> {
  const found = await ifExists(lstat(place.worktreePath));
  if (!found) return { kind: 'missing' };
  if (!found.isDirectory()) return { kind: 'foreign', problem: 'It is a file or a link, not a folder.' };
  if (await isPlainlyOurs(place)) return undefined;
  const problem = await notOurWorktree(place);
  return problem === undefined ? undefined : { kind: 'foreign', problem };
}

/**
 * Whether the files by which git knows a worktree show that it belongs to MAIN_REPO, so that git need not be asked.
 * Settings of this worktree alone could name another folder as its top.
 */
async function isPlainlyOurs({ mainRepo, worktreePath, ...context }: WorktreePlace): Promise<boolean> {
  const gitDir = await gitDirOf(worktreePath);
  if (gitDir === undefined || statsAt(join(gitDir, 'config.worktree')) !== undefined) return false;
  if (!statsAt(join(gitDir, 'HEAD'))?.isFile() || !(await isOwnGitDir(worktreePath, gitDir))) return false;
  const [shared, own, top] = await Promise.all(
    [(await sharedDirOf(gitDir)) ?? '', mainRepo, worktreePath].map((path) => realpath(path).catch(() => '')),
  );
  return own !== top && shared !== '' && shared === (await commonDirOf(mainRepo, context).catch(() => ''));
}

/** Uncommitted changes of any checkout, except ignored files and paths unchanged since before any agent. */
export async function uncommittedIn(path: string, context: GitContext): Promise<StatusEntry[]> {
  return [...(await readWork(path, context)).work, ...(await hiddenChanges(path, context))];
}

// In the usual layout, a worktree without its .git file is a folder inside MAIN_REPO, and git would report on
// MAIN_REPO itself. So this folder must be the top.
async function notOurWorktree({
  mainRepo,
  worktreePath,
  ...context
}: WorktreePlace): Promise<string | undefined> {
  const here = await readRepository(worktreePath, context);
  if (here.kind === 'none' || here.kind === 'bare') return 'It is not a git working copy.';
  if (here.toplevel !== (await realpath(worktreePath))) return 'Its .git file is gone.';
  const main = await readRepository(mainRepo, context);
  if (main.kind === 'none' || main.kind === 'bare') return 'MAIN_REPO is not a git working copy.';
  if (here.commonDir !== main.commonDir) return 'It belongs to another repository.';
  if (here.toplevel === main.toplevel) return 'It is MAIN_REPO itself.';
  const gitDir = await gitDirOf(worktreePath);
  const isOwn = gitDir !== undefined && (await isOwnGitDir(worktreePath, gitDir));
  return isOwn ? undefined : 'Its .git points to MAIN_REPO itself or to another worktree.';
}

/**
 * Changed files hidden from `git status` by assume-unchanged or skip-worktree. Missing files, as in a sparse checkout,
 * don't count. @throws GitError
 */
async function hiddenChanges(worktreePath: string, context: GitContext): Promise<StatusEntry[]> {
  const options = { ...context, cwd: worktreePath };
  const hidden: [entry: string, name: string][] = [];
  await readRecords(['ls-files', '-s', '-v', '-z'], listing(options), (line) => {
    const [, entry = '', name] = HIDDEN.exec(line) ?? [];
    if (name !== undefined) hidden.push([entry, name]);
  });
  const entries: string[] = [];
  for (const [entry, name] of hidden)
    if (await ifExists(lstat(pathAt(worktreePath, name)))) entries.push(entry);
  return (await differingFrom(entries, options)).map((path) => ({ kind: 'hidden', path }));
}

/**
 * The files of a checkout that differ from what git lists for them, or are missing.
 * @param entries lines for `--index-info`
 */
export async function differingFrom(entries: readonly string[], options: GitOptions): Promise<string[]> {
  if (entries.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'samocode-index-'));
  try {
    // An index with only these entries, without the flags that could hide them.
    const aside = { ...options, env: { GIT_INDEX_FILE: join(folder, 'index') } };
    await runGit(['update-index', '-z', '--index-info'], { ...aside, input: rawBytes(entries.join('\0')) });
    const changed = (await runGit(['ls-files', '--modified', '-z'], listing(aside))).stdout;
    return namesIn(changed).map(readable);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A lower-case or S tag of `ls-files -v`, then a line for `--index-info`; submodules excluded. */
const HIDDEN = /^[a-zS] ((?!160000)\d{6} [0-9a-f]+ 0\t([\s\S]+))$/;

interface FinishPlaces {
  sessionDir: string;
  to: string;
  worktree?: WorktreePlace;
}

/** The facts for judging whether to archive. Changes nothing. */
export async function factsForFinish({ sessionDir, to, worktree }: FinishPlaces): Promise<{
  names: string[];
  isTaken: boolean;
  worktree?: { path: string; reading: WorktreeReading };
}> {
  return {
    names: (namesAt(sessionDir) ?? []).sort(),
    isTaken: statsAt(to) !== undefined,
    worktree: worktree && { path: worktree.worktreePath, reading: await inspectWorktree(worktree) },
  };
}
