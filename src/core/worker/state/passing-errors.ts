import { basename, dirname, relative } from 'node:path';
import { stderr } from 'node:process';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { isSamocodeError, type SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { contains } from '../../kernel/files/contains.ts';
import { fileRefused } from '../../kernel/files/refused-file.ts';
import { GIT_ERRORS } from '../../project/git/git-errors.ts';
import { clearHeldUp, noteHeldUp } from '../../session/folder/held-up.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { WORKER_ERRORS } from './worker-errors.ts';

/** Failures that are temporary or that a person fixes: the worker waits and retries. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

export function isPassing(error: unknown): boolean {
  if (BASE_ERRORS.place_away.is(error)) return true;
  const code = systemErrorCode(error);
  return code !== undefined && PASSING.has(code);
}

/** Not if a disk is away: what was seen meanwhile must not be written once it is back, so the whole step is done again. */
const isOfDisk = (error: unknown) => isPassing(error) && !BASE_ERRORS.place_away.is(error);

/**
 * Explains a lasting failure to people, and writes it to stderr.
 * @param then what a person does once it is fixed: `resume the session`
 * @throws a temporary error or a lost lease, for the caller to handle
 */
export function lastingFailure(
  worker: { clock: Clock; paths: SessionPaths },
  error: unknown,
  then: string,
): SamocodeError {
  if (isPassing(error) || BASE_ERRORS.lease_lost.is(error)) throw error;
  logToStderr(worker, error);
  if (isSamocodeError(error)) return error;
  if (!isRefusedFile(error)) return WORKER_ERRORS.worker_fault({ then }, { cause: error });
  return fileRefused(error, { path: pathForPeople(worker.paths, String(error.path)), then });
}

export function isRefusedFile(error: unknown): error is NodeJS.ErrnoException {
  return systemErrorCode(error) !== undefined && error instanceof Error && 'path' in error;
}

/** Beginning with the session's folder, of documents or of its run; for a draft, the path of the folder that refused it. */
function pathForPeople({ sessionsDir, runDir }: SessionPaths, path: string): string {
  const place = path.endsWith('.draft') ? dirname(path) : path;
  const above = [dirname(runDir), sessionsDir].find((folder) => contains(folder, place));
  return above === undefined ? basename(place) : relative(above, place);
}

/** Tries an operation that must not wait; undefined on a temporary failure. */
export async function ifTaken<T>(act: Promise<T>): Promise<T | undefined> {
  try {
    return await act;
  } catch (error) {
    if (!isPassing(error)) throw error;
    return undefined;
  }
}

/**
 * For watching a running agent, which only a lost lease may end: time limit and stop must work whatever else fails. A
 * lasting error is reported once.
 * @returns a function that runs an operation and returns undefined on a failure
 */
export function unlessLost(clock: Pick<Clock, 'now'>): <T>(act: Promise<T>) => Promise<T | undefined> {
  let reported: string | undefined;
  return async (act) => {
    try {
      return await act;
    } catch (error) {
      if (BASE_ERRORS.lease_lost.is(error)) throw error;
      if (isPassing(error) || String(error) === reported) return undefined;
      reported = String(error);
      logToStderr({ clock }, error);
      return undefined;
    }
  };
}

const KILLED_WAITS_MS = [500, 1000, 2000];

/** Repeats what a killed git has prevented: something that takes memory, or ends programs, may be over by then. */
export async function unlessKilled<T>(
  clock: Pick<Clock, 'now' | 'sleep'>,
  act: () => Promise<T>,
): Promise<T> {
  for (const waitMs of KILLED_WAITS_MS) {
    try {
      return await act();
    } catch (error) {
      if (!GIT_ERRORS.git_killed.is(error)) throw error;
      logToStderr({ clock }, `${error.what} Retrying in ${waitMs} ms`);
      await clock.sleep(waitMs);
    }
  }
  return await act();
}

interface Waiting {
  clock: Pick<Clock, 'now' | 'sleep'>;
  paths: SessionPaths;
  /** `heldUp`: the steps that fail now; `seen`: what was seen before a wait, which can have changed. */
  memory: { heldUp?: Set<string>; seen?: unknown };
}

/** Leaves a note of a failing step for everyone who reports on the session. */
function isHeldUp({ memory, paths }: Waiting, step: string, error: unknown): void {
  memory.seen = undefined;
  memory.heldUp ??= new Set();
  if (!memory.heldUp.has(step)) noteHeldUp(paths, error);
  memory.heldUp.add(step);
}

function goesOn({ memory, paths }: Waiting, step: string): void {
  if (memory.heldUp?.delete(step) && memory.heldUp.size === 0) clearHeldUp(paths);
}

const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 5000;

/**
 * Retries while an operation fails temporarily: with a growing delay, but often enough to notice a freed disk. See
 * `unlessKilled`, too.
 * @param problem reported with each failure
 */
export async function patiently<T>(
  worker: Waiting,
  problem: string,
  act: () => Promise<T>,
  waitsFor: (error: unknown) => boolean = isOfDisk,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
    try {
      const done = await unlessKilled(worker.clock, act);
      goesOn(worker, problem);
      return done;
    } catch (error) {
      if (!waitsFor(error)) throw error;
      isHeldUp(worker, problem, error);
      logToStderr(worker, `${problem} (${systemErrorCode(error)}); retrying in ${waitMs} ms`);
      await worker.clock.sleep(waitMs);
    }
  }
}

/** Reports a problem on stderr: session.log might be on the failing disk. */
export function logToStderr({ clock }: { clock: Pick<Clock, 'now'> }, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`${isoUtc(clock.now())} ${text}\n`);
}
