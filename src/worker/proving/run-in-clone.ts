import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSamocodeError, systemErrorCode } from '../../base/errors.ts';
import { gitDirOf } from '../../base/files/git-pointer.ts';
import type { CheckRun, Proving } from '../../phases/proving.ts';
import { makeClone, removeClone } from '../../project/proving/clean-clone.ts';
import { copyInto } from '../../project/proving/copy-tree.ts';
import { changedSince, keepIndex } from '../../project/proving/made-by-setup.ts';
import { type Overlay, overlay } from '../../project/proving/overlay.ts';
import { type CacheQuestion, cacheKey, restoreCache, storeCache } from '../../project/proving/setup-cache.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import type { Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { type CheckEnd, type CheckPlace, type FailedCheck, runCheck } from './check-set.ts';
import { cacheDir, scratchDir } from './scratch.ts';

export interface ClonedSet {
  /** Names the clone and the files of the outputs. */
  name: string;
  commit: string;
  worktree: { path: string; branch: string; baseCommit: string };
  commands: readonly string[];
  proving: Proving;
  /** The value of the mark that its processes carry. */
  mark: string;
  iteration: number;
  outputDir: string;
  signal: AbortSignal;
  begins?: CheckPlace['begins'];
  /** Files of another commit over those of this one. */
  overlay?: Overlay | undefined;
}

export interface SetEnd {
  runs: CheckRun[];
  failures: FailedCheck[];
}

/**
 * Runs commands in a fresh clone of a commit, SETUP first. After a SETUP that fails none of them runs: its failure is theirs.
 * @throws clone_failed; the signal's reason
 */
export async function runInClone(worker: Worker, set: ClonedSet): Promise<SetEnd> {
  const { worktree, commit, name, signal } = set;
  const { mainRepo } = worker.file;
  const scratch = scratchDir(worker);
  const dir = join(scratch, name);
  const context = { ...worker.git.context, signal };
  try {
    const worktreeGitDir = await gitDirOf(worktree.path);
    const plan = {
      mainRepo,
      worktreeGitDir,
      dir,
      commit,
      branch: worktree.branch,
      base: worktree.baseCommit,
    };
    await makeClone(plan, context).catch((error: unknown) => {
      signal.throwIfAborted();
      throw cloneFailed(error);
    });
    if (set.overlay !== undefined) await overlay(dir, set.overlay, context);
    for (const each of set.proving.copy) await copyInto(dir, each, join(mainRepo, each), signal);
    const place: CheckPlace = {
      cwd: dir,
      env: childEnvironment(worker.env, { sessionUlid: set.mark, iteration: set.iteration }),
      guard: await worker.guard.guardOfClone(worker, dir),
      outputDir: set.outputDir,
      timeoutMs: set.proving.timeoutMs,
      signal,
      begins: set.begins,
    };
    const runs: CheckRun[] = [];
    const failures: FailedCheck[] = [];
    const add = ({ run, failure }: CheckEnd) => {
      runs.push(run);
      if (failure !== undefined) failures.push(failure);
    };
    const setup = await setUp(worker, { set, place, dir });
    if (setup !== undefined) add(setup);
    if (failures.length > 0) return { runs, failures };
    for (const [at, command] of set.commands.entries())
      add(await runCheck(worker, { command, name: `${name}-${at + 1}` }, place));
    return { runs, failures };
  } finally {
    await removeClone(dir);
    await rm(indexPath(scratch, name), { force: true });
    // Another set may run beside it.
    await rmdir(scratch).catch(() => undefined);
  }
}

function cloneFailed(error: unknown): unknown {
  const isKnown = isSamocodeError(error) || systemErrorCode(error) !== undefined;
  return isKnown && error instanceof Error ? WORKER_ERRORS.clone_failed({ problem: error.message }) : error;
}

function indexPath(scratch: string, name: string): string {
  return join(scratch, `${name}.index`);
}

/** Runs SETUP, unless all that it would make is there from before. */
async function setUp(
  worker: Worker,
  { set, place, dir }: { set: ClonedSet; place: CheckPlace; dir: string },
): Promise<CheckEnd | undefined> {
  const { setup, setupCache } = set.proving;
  if (setup === undefined) return undefined;
  const cache: CacheQuestion = {
    cacheDir: cacheDir(worker),
    cloneDir: dir,
    folders: setupCache,
    setup,
    path: place.env.PATH ?? '',
  };
  const key = await cacheKey(cache);
  if (key !== undefined && (await restoreCache(cache, key, worker.clock))) return undefined;
  const index = indexPath(scratchDir(worker), set.name);
  if (key !== undefined) await keepIndex(dir, index);
  const end = await runCheck(worker, { command: setup, isSetup: true, name: `${set.name}-setup` }, place);
  if (key === undefined || end.failure !== undefined) return end;
  // What could not be kept costs the next SETUP its time, no more.
  await keepMade(worker, { set, cache, key, index }).catch(() => undefined);
  return end;
}

async function keepMade(
  worker: Worker,
  { set, cache, key, index }: { set: ClonedSet; cache: CacheQuestion; key: string; index: string },
): Promise<void> {
  const { mainRepo } = worker.file;
  const where = { mainRepo, cloneDir: cache.cloneDir, indexPath: index };
  const changed = await changedSince(where, worker.git.context);
  const known = [...cache.folders, ...set.proving.copy];
  const isAll = changed.every((name) => known.some((each) => name === each || name.startsWith(`${each}/`)));
  await storeCache(cache, key, isAll);
}
