import { isSamocodeError, type SamocodeError } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { Blocked, blockedBy, blockedEvent } from '../state/blocked.ts';
import { readChildRecord } from '../state/iteration.ts';
import { isRefusedFile, lastingFailure, patiently } from '../state/passing-errors.ts';
import { isAlive } from '../state/processes.ts';
import { Stopped, stopEvents } from '../state/stopped.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';

/**
 * Runs a step and records every way in which it does not end: a stop, a block, a failure. It waits out a temporary
 * failure (a full disk, too many open files) and blocks the session for one that a person must fix. For a bug, it ends
 * the worker if an iteration is open, so that the next one takes over, and blocks the session otherwise.
 * @returns why the worker leaves: the step's result, or the failure that the session is already blocked for
 */
export async function runStep(
  worker: Worker,
  step: () => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    return await patiently(worker.clock, 'a step is not done', step);
  } catch (error) {
    if (error instanceof Stopped) {
      await record(worker, ...stopEvents(worker));
      return undefined;
    }
    if (error instanceof Blocked) {
      const { phase } = stateOf(worker).progress;
      await record(worker, blockedEvent({ phase, ...error.block }));
      return undefined;
    }
    const failure = lastingFailure(worker, error, 'resume the session');
    if (isGone(worker) || !(await mayStay(worker, error))) throw error;
    return (await block(worker, failure)) ? undefined : 'blocked';
  }
}

/**
 * Whether the run folder was moved away while no agent is running: recording the failure would write to its new
 * location.
 */
function isGone(worker: Worker): boolean {
  return stateOf(worker).openIteration === undefined && statsAt(worker.paths.runDir) === undefined;
}

/**
 * False while the agent of the open iteration is alive, since no worker would watch it: the next worker handles it. A
 * file that this worker cannot access is inaccessible to the next one too.
 */
async function mayStay(worker: Worker, error: unknown): Promise<boolean> {
  const open = stateOf(worker).openIteration;
  if (open === undefined) return true;
  if (await childLives(worker, open)) return false;
  return isSamocodeError(error) || (isRefusedFile(error) && /^(?:EPERM|EACCES)$/.test(error.code ?? ''));
}

async function childLives(worker: Worker, { iteration }: OpenIteration): Promise<boolean> {
  const child = await readChildRecord(worker, iteration).catch(() => undefined);
  return child !== undefined && (await isAlive(worker, child));
}

/** @returns false when the session is already blocked for the same reason */
async function block(worker: Worker, failure: SamocodeError): Promise<boolean> {
  const { status, progress } = stateOf(worker);
  if (status.kind === 'blocked' && status.reason === failure.message) return false;
  await record(worker, blockedBy(failure, progress.phase));
  return true;
}
