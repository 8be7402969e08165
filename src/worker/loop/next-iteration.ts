import { checkLimit } from '../../phases/decide.ts';
import { blockedEvent } from '../core/blocked.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { gitStands } from '../guarding/git-stands.ts';
import { guardStands } from '../guarding/guard-stands.ts';
import { worktreeStands } from '../guarding/worktree-stands.ts';
import { runIteration } from '../iteration/run-iteration.ts';
import { obeyPhaseLine } from '../judging/obey-phase-line.ts';
import { withinBudget } from '../limits/budget.ts';
import { accountIsFree } from '../limits/limit-end.ts';
import { queueReason } from '../limits/queue.ts';
import { samePayer } from '../limits/same-payer.ts';
import { backOff } from './back-off.ts';

/** Runs the next iteration, unless something has to be recorded that keeps it from beginning. */
export async function nextIteration(worker: Worker): Promise<void> {
  if (await obeyPhaseLine(worker)) return;
  const limit = checkLimit(stateOf(worker).progress);
  if (limit !== undefined) {
    await record(worker, blockedEvent(limit));
    return;
  }
  if (!(await samePayer(worker))) return;
  if (!(await guardStands(worker))) return;
  if (!(await gitStands(worker))) return;
  if (!(await withinBudget(worker))) return;
  if (!(await accountIsFree(worker))) return;
  if (!(await worktreeStands(worker))) return;
  const reason = await queueReason(worker);
  if (reason !== undefined) {
    await record(worker, { type: 'queued', reason });
    return;
  }
  if (!(await backOff(worker))) return;
  // The limit of an account may have ended since the first look: then another provider starts.
  if (await samePayer(worker)) await runIteration(worker);
}
