import { checkLimit } from '../phases/decide.ts';
import { backOff } from './back-off.ts';
import { blockedEvent } from './blocked.ts';
import { withinBudget } from './budget.ts';
import { gitStands } from './git-stands.ts';
import { guardStands } from './guard-stands.ts';
import { accountIsFree } from './limit-end.ts';
import { obeyPhaseLine } from './obey-phase-line.ts';
import { queueReason } from './queue.ts';
import { runIteration } from './run-iteration.ts';
import { samePayer } from './same-payer.ts';
import { record, stateOf, type Worker } from './worker.ts';
import { worktreeStands } from './worktree-stands.ts';

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
