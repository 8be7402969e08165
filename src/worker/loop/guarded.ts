import { BASE_ERRORS } from '../../base/base-errors.ts';
import { isSamocodeError, systemErrorCode } from '../../base/errors.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { blockedBy } from '../core/blocked.ts';
import { readChildRecord } from '../core/child-record.ts';
import { explainFailure, isRefusedFile, say } from '../core/failure.ts';
import { isPassing, nextWait, RunFolderGoneError } from '../core/passing-errors.ts';
import { isAlive } from '../core/tree.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';

/**
 * Runs a step and makes every failure end in a stated way: what passes (a full disk, too many open files) is waited
 * for; what a person must fix blocks the session with the reason; a fault of ours ends the worker while an iteration
 * is open, so that the next one takes over, and blocks otherwise.
 * @returns why the worker leaves: the step says so, or fails by what the session is blocked for already
 */
export async function guarded(
  worker: Worker,
  step: () => Promise<string | undefined>,
): Promise<string | undefined> {
  for (let waitMs = nextWait(); ; waitMs = nextWait(waitMs)) {
    try {
      return await step();
    } catch (error) {
      if (BASE_ERRORS.lease_lost.is(error) || error instanceof RunFolderGoneError) throw error;
      if (isPassing(error)) {
        say(worker, `${systemErrorCode(error)}: trying again in ${waitMs} ms`);
      } else {
        say(worker, error);
        if (!(await mayStay(worker, error))) throw error;
        return (await block(worker, error)) ? undefined : 'blocked';
      }
      await worker.clock.sleep(waitMs);
    }
  }
}

/**
 * Nothing blocks while the child of the open iteration lives: no worker would watch it any more, so that it is left
 * to the next one. A file that is refused to this worker is refused to the next one too.
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

/** @returns false when the session is blocked for the very same already */
async function block(worker: Worker, error: unknown): Promise<boolean> {
  const failure = explainFailure(worker, error, 'resume the session');
  const { status, progress } = stateOf(worker);
  if (status.kind === 'blocked' && status.reason === failure.message) return false;
  await record(worker, blockedBy(failure, progress.phase));
  return true;
}
