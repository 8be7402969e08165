import type { BaseChecks } from '../../phases/proving.ts';
import { blockedBy } from '../core/blocked.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { collectBaseRun } from './base-run.ts';

/**
 * Whether the checks pass on the commit that the session began from, as far as that is known; where they fail there, the
 * session waits for a person: no agent caused it.
 */
export async function baseStands(worker: Worker): Promise<boolean> {
  await collectBaseRun(worker);
  const { baseChecks, progress } = stateOf(worker);
  if (baseChecks?.result === 'red') {
    await record(worker, blockedBy(baseRed(baseChecks), progress.phase));
    return false;
  }
  return true;
}

export function baseRed({ failed, fix }: Pick<BaseChecks, 'failed' | 'fix'>) {
  return WORKER_ERRORS.base_checks({ failed, fix });
}
