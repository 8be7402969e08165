import { isSamocodeError, systemErrorCode } from '../base/errors.ts';
import { livenessOf } from '../base/host.ts';
import { LeaseLostError } from '../base/lease.ts';
import { blockedEvent } from './blocked.ts';
import { explainFailure, isRefusedFile, say } from './failure.ts';
import { RunFolderGoneError } from './idle.ts';
import { isPassing, nextWait } from './passing-errors.ts';
import { readChildRecord } from './spawn-child.ts';
import { record, stateOf, type Worker } from './worker.ts';

/**
 * Runs a step and makes every failure end in a stated way: what passes by itself (a full disk, too many
 * open files) is waited for; what a person must mend blocks the session with the reason; a fault of ours
 * ends the worker while an iteration is open, so that the next one takes over, and blocks otherwise.
 * What a session is blocked for already is waited for, too.
 */
export async function guarded<T>(worker: Worker, step: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let waitMs = nextWait(); ; waitMs = nextWait(waitMs)) {
    try {
      return await step();
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof RunFolderGoneError) throw error;
      if (isPassing(error)) {
        say(worker, `${systemErrorCode(error)}: trying again in ${waitMs} ms`);
      } else {
        say(worker, error);
        if (!(await mayStay(worker, error))) throw error;
        if (await block(worker, error)) return undefined;
      }
      await worker.clock.sleep(waitMs);
    }
  }
}

/** A file that is refused to this worker is refused to the next one too: only a living child is left to that one. */
async function mayStay(worker: Worker, error: unknown): Promise<boolean> {
  const open = stateOf(worker).openIteration;
  if (open === undefined || isSamocodeError(error)) return true;
  if (!isRefusedFile(error) || (error.code !== 'EPERM' && error.code !== 'EACCES')) return false;
  const child = await readChildRecord(worker, open.iteration).catch(() => undefined);
  return child === undefined || (await livenessOf(worker.host, child.wrapper)) === 'dead';
}

/** @returns false when the session is blocked for the very same already */
async function block(worker: Worker, error: unknown): Promise<boolean> {
  const { rule, what, hint } = explainFailure(worker, error, 'resume the session');
  const { status, progress } = stateOf(worker);
  const reason = `${what} ${hint}`;
  if (status.kind === 'blocked' && status.reason === reason) return false;
  const { phase } = progress;
  await record(worker, blockedEvent({ phase, reason, needs: 'error_resolution', rule }));
  return true;
}
