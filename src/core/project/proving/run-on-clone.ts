import { constants, cp, realpath, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { errors, isSamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import type { Ports } from '../../kernel/phases/application.ts';
import type { CheckRun, ChecksRan, ProofFolders, Proving } from '../../kernel/phases/proving.ts';
import { CHECKOUT_LIMIT_MS, gitLine, literalPathspec, runGit } from '../git/git.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { borrowedBy } from '../git/own-repository.ts';
import { pathInside, realPathAsFar } from '../git/real-path.ts';
import { removeAtOnce } from '../git/remove-tree.ts';
import { commonDirOf, type GitContext, requireIdentity } from '../git/repository.ts';
import { addSubmodules } from '../worktrees/submodules.ts';
import { type ClonePlan, makeClone } from './clean-clone.ts';
import { type CheckEnd, type CheckPlace, type FailedCheck, runCheck } from './run-check.ts';

export interface SetOnClone
  extends Omit<ClonePlan, 'dir'>,
    Omit<CheckPlace, 'cwd' | 'env' | 'inside' | 'timeoutMs'> {
  /** Name of the clone and of the output files. */
  name: string;
  scratch: string;
  commands: readonly string[];
  proving: Pick<Proving, 'setup' | 'copy' | 'home' | 'timeoutMs'>;
  /** Run in a worktree of MAIN_REPO: CHECK_IN=worktree, for a project whose checks cannot run in a clone. */
  asWorktree?: boolean;
  placeIn(folders: ProofFolders): Placed | Promise<Placed>;
  /** The services of the application; they end before the clone is removed. */
  serve?: ServesClone | undefined;
  /** Called after the commands, beside the services, if nothing has failed. */
  during?: ((place: PlaceServed) => Promise<void>) | undefined;
}

type Placed = Pick<CheckPlace, 'env' | 'inside'>;

export interface ServesClone {
  /** Whether SETUP runs beside them too. */
  isForSetup: boolean;
  /** @param cwd the clone */
  start(folders: ProofFolders, cwd: string): Promise<ServedClone>;
}

export interface ServedClone {
  ports: Ports;
  /** The address that a person opens. */
  url: string | undefined;
  failures: readonly CheckEnd[];
  /** Of the services that have ended since they were ready. */
  ended(): readonly CheckEnd[];
  end(): Promise<void>;
}

/** A clone beside its services. */
export interface PlaceServed extends Pick<CheckPlace, 'cwd' | 'env'> {
  ports: Ports;
  url: string | undefined;
}

export interface SetEnd {
  runs: CheckRun[];
  failures: FailedCheck[];
  onBase?: ChecksRan['onBase'];
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
  let served: ServedClone | undefined;
  try {
    await removeAtOnce(empty, scratch);
    const failed = (error: unknown): never => {
      signal.throwIfAborted();
      const isKnown = isSamocodeError(error) || systemErrorCode(error) !== undefined;
      if (GIT_ERRORS.git_killed.is(error)) throw error;
      throw isKnown && error instanceof Error ? cloneFailed(error.message) : error;
    };
    const commonDir = await makePlace({ ...set, dir }, tools.context).catch(failed);
    for (const each of proving.copy) await copyInto(dir, each, mainRepo, tools.context).catch(failed);
    const { outputDir, outputRoot, begins } = set;
    const folders = {
      clone: await realPathAsFar(dir),
      empty,
      ofHome: proving.home ?? [],
      objects: await objectsOf({ ...set, dir, commonDir }, tools.context),
      identity: await requireIdentity(mainRepo, tools.context).catch(() => undefined),
    };
    const place: CheckPlace = {
      ...(await placeIn(folders)),
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
    const serve = async () => {
      served ??= await set.serve?.start(folders, dir);
      for (const each of served?.failures ?? []) add(each);
    };
    if (set.serve?.isForSetup) await serve();
    if (proving.setup !== undefined && end.failures.length === 0)
      add(await runCheck(clock, { command: proving.setup, isSetup: true, name: `${name}-setup` }, place));
    if (end.failures.length === 0 && served === undefined) await serve();
    if (end.failures.length > 0) return end;
    for (const [at, command] of set.commands.entries())
      add(await runCheck(clock, { command, name: `${name}-${at + 1}` }, place));
    for (const each of served?.ended() ?? []) add(each);
    if (end.failures.length === 0)
      await set.during?.({ cwd: dir, env: place.env, ports: served?.ports ?? {}, url: served?.url });
    return end;
  } finally {
    // Also after an abort, and if services do not end.
    try {
      await served?.end();
    } finally {
      end.left = await removePlaces(set, [dir, empty], context);
    }
  }
}

/** @returns the path of what could not be deleted */
async function removePlaces(
  { asWorktree, mainRepo, scratch }: SetOnClone,
  places: readonly [dir: string, empty: string],
  context: GitContext,
): Promise<string | undefined> {
  let left: string | undefined;
  try {
    const remove = ['worktree', 'remove', '--force', '--', places[0]];
    if (asWorktree) await runGit(remove, { ...context, cwd: mainRepo, allowFailure: true });
  } finally {
    for (const each of places) left = (await removeAtOnce(each, scratch)) ?? left;
    // Another set may be running in parallel.
    await rmdir(scratch).catch(() => undefined);
  }
  return left;
}

type Place = ClonePlan & Pick<SetOnClone, 'asWorktree'>;

/** @returns the git folder of MAIN_REPO */
async function makePlace(place: Place, context: GitContext): Promise<string> {
  const commonDir = place.commonDir ?? (await commonDirOf(place.mainRepo, context));
  const plan = { ...place, commonDir };
  await (place.asWorktree ? addWorktree(plan, context) : makeClone(plan, context));
  return commonDir;
}

/** The objects that a place borrows. Few repositories borrow some themselves; git is asked only about those. */
async function objectsOf(
  { dir, commonDir, asWorktree }: Pick<Place, 'dir' | 'asWorktree'> & { commonDir: string },
  context: GitContext,
): Promise<string[]> {
  const objects = join(commonDir, 'objects');
  if (statsAt(join(objects, 'info/alternates')) !== undefined)
    return await borrowedBy({ ...context, cwd: dir });
  return asWorktree ? [] : [objects];
}

async function addWorktree(
  { mainRepo, commonDir, dir, commit }: ClonePlan & { commonDir: string },
  context: GitContext,
): Promise<void> {
  const add = ['worktree', 'add', '--quiet', '--detach', '--', dir, commit];
  await runGit(add, { ...context, cwd: mainRepo, timeoutMs: CHECKOUT_LIMIT_MS });
  await addSubmodules(dir, commonDir, context);
}

/**
 * Copies `name` from MAIN_REPO into a clone, links as links. Files of the commit stay, and no link out of the clone or
 * of MAIN_REPO is followed.
 * @throws copy_refused for what is missing, what git does not ignore, and what a link leads to; copy_failed for a part
 */
export async function copyInto(
  cloneDir: string,
  name: string,
  mainRepo: string,
  context: GitContext,
): Promise<void> {
  const { signal } = context;
  const to = join(cloneDir, name);
  if (statsAt(to) !== undefined) return;
  if (!(await isInside(cloneDir, dirname(to))))
    throw COPY_ERRORS.copy_refused({ name, problem: 'a link of the commit leads out of the clone' });
  const from = await requireIgnored(name, mainRepo, context);
  try {
    await cp(from, to, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
      mode: constants.COPYFILE_FICLONE,
      filter: () => signal?.aborted !== true,
    });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw COPY_ERRORS.copy_failed({ name, code }, { cause: error });
  }
  signal?.throwIfAborted();
}

/** Where a file or folder of CHECK_COPY really is. */
async function requireIgnored(name: string, mainRepo: string, context: GitContext): Promise<string> {
  const folder = await realPathAsFar(dirname(join(mainRepo, name)));
  const from = join(folder, basename(name));
  const way = pathInside(await realPathAsFar(mainRepo), from);
  if (way === undefined || way.split('/').includes('.git'))
    throw COPY_ERRORS.copy_refused({ name, problem: 'a link leads out of MAIN_REPO' });
  if (statsAt(from) === undefined) throw COPY_ERRORS.copy_refused({ name, problem: 'none has this name' });
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--', literalPathspec(way)];
  const options = { ...context, cwd: mainRepo, maxChars: 1000, mayBeCut: true };
  if (await gitLine(list, options))
    throw COPY_ERRORS.copy_refused({ name, problem: 'git does not ignore it' });
  return from;
}

/** Whether a folder, or its nearest existing parent, is really inside the clone. */
async function isInside(cloneDir: string, folder: string): Promise<boolean> {
  let there = folder;
  while (statsAt(there) === undefined && there !== dirname(there)) there = dirname(there);
  try {
    return pathInside(await realpath(cloneDir), await realpath(there)) !== undefined;
  } catch {
    return false;
  }
}

export const COPY_ERRORS = errors({
  copy_refused: ({ name, problem }: { name: string; problem: string }) => ({
    what: `${name} of CHECK_COPY was not copied.`,
    why: `Only ignored files of MAIN_REPO are, and ${problem}.`,
    hint: 'Name only files and folders below MAIN_REPO that git ignores, for example by a line in .git/info/exclude.',
  }),
  copy_failed: ({ name, code }: { name: string; code: string }) => ({
    what: `${name} of CHECK_COPY was copied in part, or not at all, so no check ran.`,
    why: `The system reported ${code}.`,
    hint: 'See to its permissions, or free some space on the disk, then try again.',
  }),
});
