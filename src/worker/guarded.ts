import { basename } from 'node:path';
import { stderr } from 'node:process';
import { isoUtc } from '../base/clock.ts';
import { isSamocodeError, systemErrorCode } from '../base/errors.ts';
import { livenessOf } from '../base/host.ts';
import { LeaseLostError } from '../base/lease.ts';
import { RunFolderGoneError } from './idle.ts';
import { isPassing, nextWait } from './passing-errors.ts';
import { readChildRecord } from './spawn-child.ts';
import { record, stateOf, type Worker } from './worker.ts';

/**
 * Runs a step and makes every failure end in a stated way: what passes by itself (a full disk, too many
 * open files) is waited for; what a person must mend blocks the session with the reason; a fault of ours
 * ends the worker while an iteration is open, so that the next one takes over, and blocks otherwise.
 */
export async function guarded<T>(worker: Worker, step: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let waitMs = nextWait(); ; waitMs = nextWait(waitMs)) {
    try {
      return await step();
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof RunFolderGoneError) throw error;
      if (isPassing(error)) {
        say(worker, `${systemErrorCode(error)}: trying again in ${waitMs} ms`);
        await worker.clock.sleep(waitMs);
        continue;
      }
      if (!isSamocodeError(error)) {
        say(worker, error instanceof Error ? (error.stack ?? error.message) : String(error));
        if (!(await mayStay(worker, error))) throw error;
      }
      await block(worker, error);
      return undefined;
    }
  }
}

/** A file that is refused to this worker is refused to the next one too: only a living child is left to that one. */
async function mayStay(worker: Worker, error: unknown): Promise<boolean> {
  const open = stateOf(worker).openIteration;
  if (open === undefined) return true;
  if (!isRefusedFile(error) || (error.code !== 'EPERM' && error.code !== 'EACCES')) return false;
  const child = await readChildRecord(worker, open.iteration).catch(() => undefined);
  return child === undefined || (await livenessOf(worker.host, child.wrapper)) === 'dead';
}

function isRefusedFile(error: unknown): error is NodeJS.ErrnoException {
  return systemErrorCode(error) !== undefined && error instanceof Error && 'path' in error;
}

async function block(worker: Worker, error: unknown): Promise<void> {
  const { reason, rule } = explain(error);
  const { phase } = stateOf(worker).progress;
  await record(worker, {
    type: 'blocked',
    phase,
    reason,
    needs: 'error_resolution',
    rule,
    flow: `Blocked: ${reason}`,
  });
}

function explain(error: unknown): { reason: string; rule: string } {
  if (isSamocodeError(error)) return { reason: `${error.what} ${error.why} ${error.hint}`, rule: error.code };
  if (isRefusedFile(error)) {
    const reason = `The machine refused a file to the worker: ${error.code} at ${basename(String(error.path))}. Put it right, then resume the session.`;
    return { reason, rule: 'file_refused' };
  }
  const reason =
    'The worker met a fault of its own; worker.stderr in the run folder says where. Resume the session to try again.';
  return { reason, rule: 'worker_fault' };
}

// session.log may lie on the disk that fails; this is a file of its own.
function say(worker: Worker, text: string): void {
  stderr.write(`${isoUtc(worker.clock.now())} ${text}\n`);
}
