import { copyFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { isSamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import type { CheckRun, ProofFolders, Proving } from '../../kernel/phases/proving.ts';
import { CHECKOUT_LIMIT_MS, runGit } from '../git/git.ts';
import { borrowedBy } from '../git/own-repository.ts';
import { realPathAsFar } from '../git/real-path.ts';
import { removeAtOnce } from '../git/remove-tree.ts';
import { commonDirOf, type GitContext, requireIdentity } from '../git/repository.ts';
import { addSubmodules } from '../worktrees/submodules.ts';
import { type ClonePlan, makeClone } from './clean-clone.ts';
import { copyInto } from './copy-tree.ts';
import { type CheckEnd, type CheckPlace, type FailedCheck, runCheck } from './run-check.ts';
import { type CacheQuestion, cacheKey, restoreCache, storeCache } from './setup-cache.ts';

export interface SetOnClone
  extends Omit<ClonePlan, 'dir'>,
    Omit<CheckPlace, 'cwd' | 'env' | 'inside' | 'timeoutMs'> {
  /** Name of the clone and of the output files. */
  name: string;
  scratch: string;
  cacheDir: string;
  commands: readonly string[];
  proving: Pick<Proving, 'setup' | 'setupCache' | 'copy' | 'home' | 'timeoutMs'>;
  /** Run in a worktree of MAIN_REPO: CHECK_IN=worktree, for a project whose checks cannot run in a clone. */
  asWorktree?: boolean;
  overlay?: Overlay | undefined;
  placeIn(folders: ProofFolders): Pick<CheckPlace, 'env' | 'inside'>;
}

export interface SetEnd {
  runs: CheckRun[];
  failures: FailedCheck[];
  /** Path of clone files that could not be deleted; the results are still valid. */
  left?: string;
}

interface Tools {
  clock: Clock;
  context: GitContext;
}

/**
 * Runs commands in a fresh clone of a commit, SETUP first. If SETUP fails, no command runs, and its failure counts as
 * theirs.
 */
export async function runOnClone(
  set: SetOnClone,
  { clock, context }: Tools,
  cloneFailed: (problem: string) => Error,
): Promise<SetEnd> {
  const { scratch, name, signal, mainRepo, placeIn, proving } = set;
  const dir = join(scratch, name);
  const empty = join(scratch, `${name}.empty`);
  const tools = { clock, context: { ...context, signal } };
  const end: SetEnd = { runs: [], failures: [] };
  try {
    await removeAtOnce(empty, dirname(scratch));
    const plan = { ...set, dir };
    const made = set.asWorktree ? addWorktree(plan, tools.context) : makeClone(plan, tools.context);
    await made.catch((error: unknown) => {
      signal.throwIfAborted();
      const isKnown = isSamocodeError(error) || systemErrorCode(error) !== undefined;
      throw isKnown && error instanceof Error ? cloneFailed(error.message) : error;
    });
    if (set.overlay !== undefined) await overlay(dir, set.overlay, tools.context);
    for (const each of proving.copy) await copyInto(dir, each, join(mainRepo, each), signal);
    const { outputDir, outputRoot, begins } = set;
    const place: CheckPlace = {
      ...placeIn({
        clone: await realPathAsFar(dir),
        empty,
        ofHome: proving.home ?? [],
        objects: await borrowedBy(dir, tools.context),
        identity: await requireIdentity(mainRepo, tools.context).catch(() => undefined),
      }),
      cwd: dir,
      outputDir,
      outputRoot,
      timeoutMs: proving.timeoutMs,
      signal,
      begins,
    };
    const add = ({ run, failure }: CheckEnd) => {
      end.runs.push(run);
      if (failure !== undefined) end.failures.push(failure);
    };
    const setup = await setUp(set, place, tools);
    if (setup !== undefined) add(setup);
    if (end.failures.length > 0) return end;
    for (const [at, command] of set.commands.entries())
      add(await runCheck(clock, { command, name: `${name}-${at + 1}` }, place));
    return end;
  } finally {
    // Also after an abort.
    if (set.asWorktree)
      await runGit(['worktree', 'remove', '--force', '--', dir], {
        ...context,
        cwd: mainRepo,
        allowFailure: true,
      });
    for (const each of [dir, empty, indexPath(set)])
      end.left = (await removeAtOnce(each, dirname(scratch))) ?? end.left;
    // Another set may be running in parallel.
    await rmdir(scratch).catch(() => undefined);
  }
}

async function addWorktree({ mainRepo, dir, commit }: ClonePlan, context: GitContext): Promise<void> {
  const add = ['worktree', 'add', '--quiet', '--detach', '--', dir, commit];
  await runGit(add, { ...context, cwd: mainRepo, timeoutMs: CHECKOUT_LIMIT_MS });
  await addSubmodules(dir, await commonDirOf(mainRepo, context), context);
}

function indexPath({ scratch, name }: Pick<SetOnClone, 'scratch' | 'name'>): string {
  return join(scratch, `${name}.index`);
}

/**
 * Runs SETUP, unless the cache has everything that it would create. On commits other than the base it always runs,
 * because its result can depend on any file, not only on lock files.
 */
async function setUp(set: SetOnClone, place: CheckPlace, tools: Tools): Promise<CheckEnd | undefined> {
  const { setup, setupCache } = set.proving;
  if (setup === undefined) return undefined;
  const isOfBase = set.commit === set.base && set.overlay === undefined;
  const cache: CacheQuestion = {
    cacheDir: set.cacheDir,
    cloneDir: place.cwd,
    folders: setupCache,
    setup,
    path: place.env.PATH ?? '',
  };
  const key = isOfBase ? await cacheKey(cache) : undefined;
  if (key !== undefined && (await restoreCache(cache, key, tools.clock))) return undefined;
  if (key !== undefined) await keepIndex(place.cwd, indexPath(set));
  const end = await runCheck(
    tools.clock,
    { command: setup, isSetup: true, name: `${set.name}-setup` },
    place,
  );
  if (key === undefined || end.failure !== undefined) return end;
  // A failure only costs the next SETUP its time.
  await keepMade(set, { cache, key }, tools.context).catch(() => undefined);
  return end;
}

async function keepMade(
  set: SetOnClone,
  { cache, key }: { cache: CacheQuestion; key: string },
  context: GitContext,
): Promise<void> {
  const where = { mainRepo: set.mainRepo, cloneDir: cache.cloneDir, indexPath: indexPath(set) };
  const changed = await changedSince(where, context);
  const known = [...cache.folders, ...set.proving.copy];
  const isAll = changed.every((name) => known.some((each) => name === each || name.startsWith(`${each}/`)));
  await storeCache(cache, key, isAll);
}

export interface Overlay {
  commit: string;
  paths: readonly string[];
}

/** Overlays files of another commit on a clone, using git, which never writes through a link. */
async function overlay(dir: string, { commit, paths }: Overlay, context: GitContext): Promise<void> {
  const git = { ...context, cwd: dir };
  const wanted = new Set(paths);
  const entries = (await runGit(['ls-tree', '-r', '-z', '--full-tree', commit], git)).stdout
    .split('\0')
    .filter((entry) => wanted.has(entry.slice(entry.indexOf('\t') + 1)));
  if (entries.length === 0) return;
  const input = `${entries.join('\0')}\0`;
  await runGit(['update-index', '--add', '--replace', '-z', '--index-info'], { ...git, input });
  const names = `${paths.join('\0')}\0`;
  await runGit(['checkout-index', '--force', '--index', '--quiet', '-z', '--stdin'], {
    ...git,
    input: names,
  });
}

/** Saves the index, for comparing a clone's files with it later: commands may change the clone's own. */
export async function keepIndex(cloneDir: string, indexPath: string): Promise<void> {
  await copyFile(join(cloneDir, '.git/index'), indexPath);
}

/** Names of files changed or created in a clone since `keepIndex`; a new folder is one name with a trailing slash. */
export async function changedSince(
  { mainRepo, cloneDir, indexPath }: { mainRepo: string; cloneDir: string; indexPath: string },
  context: GitContext,
): Promise<string[]> {
  // With the settings of MAIN_REPO: those of the clone may have been changed to name programs.
  const env = {
    GIT_DIR: await commonDirOf(mainRepo, context),
    GIT_WORK_TREE: cloneDir,
    GIT_INDEX_FILE: indexPath,
  };
  const options = { ...context, cwd: cloneDir, env };
  const changed = await runGit(['diff-files', '--name-only', '-z'], options);
  const made = await runGit(['ls-files', '--others', '--directory', '-z'], options);
  return `${changed.stdout}${made.stdout}`.split('\0').filter(Boolean);
}
