import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { namesAt } from '../../base/files/look-at.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { commitReadableFiles, tidyCheckpoints } from '../recording/keep-work.ts';
import { putAwayMessages } from '../recording/messages.ts';
import type { LeftByChild } from './keep-what-is-left.ts';

/** The work that follows a recorded end: what a crash leaves of it does no harm. */
export async function tidyIteration(
  worker: Worker,
  { iteration, phase }: OpenIteration,
  { left, acknowledged }: { left: LeftByChild; acknowledged: readonly string[] },
): Promise<void> {
  await putAwayMessages(worker, acknowledged);
  await commitReadableFiles(worker);
  removeOldIterations(worker.paths, iteration);
  const { checkpoint } = left.kept;
  if (checkpoint === undefined) return;
  const endsPhase = stateOf(worker).progress.phase === phase ? undefined : phase;
  await tidyCheckpoints(worker, { iteration, commit: checkpoint.commit, endsPhase });
}

/** So many of the newest: for whoever looks why an agent did what it did. A worker itself asks for the last one alone. */
export const KEPT_ITERATIONS = 20;

/**
 * Removes the machine files of iterations that ended long ago; what counts of them stands in the events, and what
 * their agents printed in `_logs/`. What can't be removed only takes room.
 */
export function removeOldIterations({ iterations }: Pick<SessionPaths, 'iterations'>, ended: number): void {
  for (const name of namesAt(iterations) ?? []) {
    if (!/^\d{3,9}$/.test(name) || Number(name) > ended - KEPT_ITERATIONS) continue;
    try {
      rmSync(join(iterations, name), { recursive: true, force: true });
    } catch {
      return;
    }
  }
}
