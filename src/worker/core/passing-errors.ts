import { BASE_ERRORS } from '../../base/base-errors.ts';
import type { Clock } from '../../base/clock.ts';
import { type SamocodeError, systemErrorCode } from '../../base/errors.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { explainFailure, say } from './failure.ts';

/** Failures of the machine that pass or that a person ends; until then the worker waits and goes on by itself. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

export function isPassing(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code !== undefined && PASSING.has(code);
}

/**
 * Explains a lasting failure, and writes it to stderr. @param then what a person does once it is fixed
 * @throws a passing error or a lost lease, for the caller to handle
 */
export function lastingFailure(
  worker: { clock: Clock; paths: SessionPaths },
  error: unknown,
  then: string,
): SamocodeError {
  if (isPassing(error) || BASE_ERRORS.lease_lost.is(error)) throw error;
  say(worker, error);
  return explainFailure(worker, error, then);
}

/** What an act gives where nothing may be waited for; undefined when it fails by what passes by itself. */
export async function ifTaken<T>(act: Promise<T>): Promise<T | undefined> {
  try {
    return await act;
  } catch (error) {
    if (!isPassing(error)) throw error;
    return undefined;
  }
}

/**
 * For the acts of a watch over a living child, which nothing but a lost lease may end: its time limit and a stop
 * must be met whatever else fails. What does not pass by itself is said, once for as long as it stays the same.
 * @returns what gives the result of an act; undefined when it failed
 */
export function unlessLost(clock: Pick<Clock, 'now'>): <T>(act: Promise<T>) => Promise<T | undefined> {
  let said: string | undefined;
  return async (act) => {
    try {
      return await act;
    } catch (error) {
      if (BASE_ERRORS.lease_lost.is(error)) throw error;
      if (isPassing(error) || String(error) === said) return undefined;
      said = String(error);
      say({ clock }, error);
      return undefined;
    }
  };
}

const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 5000;

/** How long to wait before the next try: longer each time, but never so long that a freed disk goes unnoticed. */
export function nextWait(beforeMs?: number): number {
  return beforeMs === undefined ? FIRST_WAIT_MS : Math.min(beforeMs * 2, LAST_WAIT_MS);
}

/** Tries again for as long as what fails passes by itself. @param problem what is said of each failure */
export async function patiently<T>(
  clock: Pick<Clock, 'now' | 'sleep'>,
  problem: string,
  act: () => Promise<T>,
): Promise<T> {
  for (let waitMs = nextWait(); ; waitMs = nextWait(waitMs)) {
    try {
      return await act();
    } catch (error) {
      if (!isPassing(error)) throw error;
      say({ clock }, `${problem} (${systemErrorCode(error)}); trying again in ${waitMs} ms`);
      await clock.sleep(waitMs);
    }
  }
}

/** The run folder was taken away while nothing ran: whoever did so wants no worker. */
export class RunFolderGoneError extends Error {
  constructor(runDir: string) {
    super(`The run folder ${runDir} is gone, and with it the session.`);
  }
}
