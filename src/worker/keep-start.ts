import type { Phase } from '../phases/table.ts';
import { type KeptWork, keepWork, tidyCheckpoints } from './keep-work.ts';
import type { Worker } from './worker.ts';

/**
 * Keeps what stands there before any child, so that all of a session's work can be taken back. Called when the
 * worktree has been made, which is when most of it is done, and again right before the first child.
 */
export async function keepStart(worker: Worker, phase: Phase): Promise<KeptWork> {
  const kept = await keepWork(worker, { kind: 'after', iteration: 0 });
  if (kept.checkpoint === undefined) return kept;
  await tidyCheckpoints(worker, { iteration: 0, commit: kept.checkpoint.commit, endsPhase: phase });
  return kept;
}
