import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { isSamocodeError, systemErrorCode } from '../../base/errors.ts';
import type { CheckRun, Proving } from '../../phases/proving.ts';
import type { GitContext } from '../git/repository.ts';
import { type ClonePlan, makeClone, removeClone } from './clean-clone.ts';
import { copyInto } from './copy-tree.ts';
import { changedSince, keepIndex } from './made-by-setup.ts';
import { type Overlay, overlay } from './overlay.ts';
import { type CheckEnd, type CheckPlace, type FailedCheck, runCheck } from './run-check.ts';
import { type CacheQuestion, cacheKey, restoreCache, storeCache } from './setup-cache.ts';

export interface SetOnClone
  extends Omit<ClonePlan, 'dir'>,
    Omit<CheckPlace, 'cwd' | 'env' | 'inside' | 'timeoutMs'> {
  /** Names the clone and the files of the outputs. */
  name: string;
  /** Takes the clone. */
  scratch: string;
  cacheDir: string;
  commands: readonly string[];
  proving: Pick<Proving, 'setup' | 'setupCache' | 'copy' | 'timeoutMs'>;
  /** Files of another commit over those of this one. */
  overlay?: Overlay | undefined;
  /** How a command is started in the clone. */
  placeIn(dir: string): Promise<Pick<CheckPlace, 'env' | 'inside'>>;
}

export interface SetEnd {
  runs: CheckRun[];
  failures: FailedCheck[];
}

interface Tools {
  clock: Clock;
  context: GitContext;
}

/**
 * Runs commands in a fresh clone of a commit, SETUP first. After a SETUP that fails none of them runs: its failure is theirs.
 * @throws what `cloneFailed` makes of a clone that could not be made; the signal's reason
 */
export async function runOnClone(
  set: SetOnClone,
  { clock, context }: Tools,
  cloneFailed: (problem: string) => Error,
): Promise<SetEnd> {
  const { scratch, name, signal, mainRepo, worktreeGitDir, commit, branch, base, placeIn, proving } = set;
  const dir = join(scratch, name);
  const tools = { clock, context: { ...context, signal } };
  try {
    await makeClone({ mainRepo, worktreeGitDir, dir, commit, branch, base }, tools.context).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        const isKnown = isSamocodeError(error) || systemErrorCode(error) !== undefined;
        throw isKnown && error instanceof Error ? cloneFailed(error.message) : error;
      },
    );
    if (set.overlay !== undefined) await overlay(dir, set.overlay, tools.context);
    for (const each of proving.copy) await copyInto(dir, each, join(mainRepo, each), signal);
    const { outputDir, outputRoot, begins } = set;
    const place: CheckPlace = {
      ...(await placeIn(dir)),
      ...{ cwd: dir, outputDir, outputRoot, timeoutMs: proving.timeoutMs, signal, begins },
    };
    const runs: CheckRun[] = [];
    const failures: FailedCheck[] = [];
    const add = ({ run, failure }: CheckEnd) => {
      runs.push(run);
      if (failure !== undefined) failures.push(failure);
    };
    const setup = await setUp(set, place, tools);
    if (setup !== undefined) add(setup);
    if (failures.length > 0) return { runs, failures };
    for (const [at, command] of set.commands.entries())
      add(await runCheck(clock, { command, name: `${name}-${at + 1}` }, place));
    return { runs, failures };
  } finally {
    await removeClone(dir);
    await removeClone(indexPath(set));
    // Another set may run beside it.
    await rmdir(scratch).catch(() => undefined);
  }
}

function indexPath({ scratch, name }: Pick<SetOnClone, 'scratch' | 'name'>): string {
  return join(scratch, `${name}.index`);
}

/** Runs SETUP, unless all that it would make is there from before. */
async function setUp(set: SetOnClone, place: CheckPlace, tools: Tools): Promise<CheckEnd | undefined> {
  const { setup, setupCache } = set.proving;
  if (setup === undefined) return undefined;
  const cache: CacheQuestion = {
    cacheDir: set.cacheDir,
    cloneDir: place.cwd,
    folders: setupCache,
    setup,
    path: place.env.PATH ?? '',
  };
  const key = await cacheKey(cache);
  if (key !== undefined && (await restoreCache(cache, key, tools.clock))) return undefined;
  if (key !== undefined) await keepIndex(place.cwd, indexPath(set));
  const end = await runCheck(
    tools.clock,
    { command: setup, isSetup: true, name: `${set.name}-setup` },
    place,
  );
  if (key === undefined || end.failure !== undefined) return end;
  // What could not be kept costs the next SETUP its time, no more.
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
