import { blockedEvent } from '../core/blocked.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { breachOf, gitProgramsChanged } from './look-around.ts';

/**
 * What changed while no agent ran is shown before the next one is paid: after it, its word would not count.
 * @returns false when it is blocked
 */
export async function gitStands(worker: Worker): Promise<boolean> {
  const breach = breachOf(stateOf(worker).progress, {
    gitPrograms: await gitProgramsChanged(worker),
    afterChild: false,
  });
  if (breach === undefined) return true;
  await record(worker, blockedEvent({ ...breach, needs: 'error_resolution' }));
  return false;
}
