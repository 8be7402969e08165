import { join } from 'node:path';
import { isSamocodeError } from '../base/errors.ts';
import { LeaseLostError } from '../base/lease.ts';
import { restoreCheckpoint } from '../project/restore-checkpoint.ts';
import { documentText } from '../session/document-text.ts';
import { whereTo } from '../session/fold-rewound.ts';
import { isPlanOf } from '../session/plan.ts';
import { keepApprovedPlan } from './approved-plan.ts';
import { checkpointPlace } from './keep-work.ts';
import { isPassing } from './passing-errors.ts';
import { record, stateOf, type Worker } from './worker.ts';
import { mendWorktree } from './worktree-stands.ts';

/** Puts the files back that an accepted rewind is about; a worker that is killed here is followed by one that goes on. */
export async function performRewind(worker: Worker): Promise<void> {
  const { rewind } = stateOf(worker);
  const place = checkpointPlace(worker);
  if (rewind === undefined || place === undefined) return;
  const { to, commit, n } = rewind;
  try {
    await worker.git.look(place.worktreePath);
    await record(worker, ...(await mendWorktree(worker)));
    const done = await restoreCheckpoint({ ...place, ...worker.git.context, commit, id: String(n) });
    await keepPlanOf(worker);
    const { undo, skipped, head } = done;
    const leftOut = skipped.slice(0, 100);
    const flow = `${sentence(whereTo(to))}; what stood there before is kept as ${undo.ref}`;
    await record(worker, { type: 'rewound', to, undo, leftOut, ...(head !== undefined && { head }), flow });
  } catch (error) {
    if (error instanceof LeaseLostError || isPassing(error)) throw error;
    await record(worker, { type: 'rewind_failed', to, ...wordsFor(error) });
  }
}

function wordsFor(error: unknown): { code: string; reason: string } {
  if (isSamocodeError(error)) return { code: error.code, reason: error.message };
  return { code: 'worker_fault', reason: `A fault of ours: ${String(error).slice(0, 300)}` };
}

/** A plan whose approval came back is the one that later plans are compared with. */
async function keepPlanOf(worker: Worker): Promise<void> {
  const approved = stateOf(worker).rewind?.back.approvedPlan;
  const text = approved && (await documentText(join(worker.paths.sessionDir, approved.name)));
  if (text !== undefined && approved !== undefined && isPlanOf(approved.hash, text))
    await keepApprovedPlan(worker, text);
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
