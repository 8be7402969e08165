import { checkLimit } from '../../kernel/phases/decide.ts';
import { growingDelay } from '../../kernel/phases/outage.ts';
import { waitingCommandIds } from '../commands/take-commands.ts';
import { blockedEvent } from '../core/blocked.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { gitIsAccepted } from '../guarding/changes-by-agent.ts';
import { checkSandboxLevel } from '../guarding/check-sandbox-level.ts';
import { restoreWorktree } from '../guarding/restore-worktree.ts';
import { agentsReady } from '../iteration/agents-ready.ts';
import { setUpAgain } from '../iteration/prepare.ts';
import { runIteration } from '../iteration/run-iteration.ts';
import { applyPhaseEdit } from '../judging/phase-edit.ts';
import { withinBudget } from '../limits/budget.ts';
import { sameAccount } from '../limits/choose-agent.ts';
import { accountIsFree } from '../limits/limit-end.ts';
import { queueReason } from '../limits/queue.ts';
import { baseChecksRun, baseRunBegun, beginBaseRun } from '../proving/base-run.ts';
import { keepState } from '../recording/keep-state.ts';

/** Runs the next iteration, unless a step before it records something that prevents it. */
export async function nextIteration(worker: Worker): Promise<void> {
  if (await applyPhaseEdit(worker)) return;
  const limit = checkLimit(stateOf(worker).progress);
  if (limit !== undefined) {
    await record(worker, blockedEvent(limit));
    return;
  }
  if (!(await sameAccount(worker))) return;
  if (!(await checkSandboxLevel(worker))) return;
  if (!(await gitIsAccepted(worker))) return;
  if (!(await withinBudget(worker))) return;
  if (!(await accountIsFree(worker))) return;
  if (!(await restoreWorktree(worker))) return;
  if (!(await setUpAgain(worker))) return;
  if (!(await baseChecksRun(worker))) return;
  const reason = await queueReason(worker);
  if (reason !== undefined) {
    await record(worker, { type: 'queued', reason });
    return;
  }
  if (!(await backOff(worker))) return;
  // A limit may have ended since the first check, and then another provider starts.
  if (!(await sameAccount(worker))) return;
  await keepState(worker);
  beginBaseRun(worker);
  if (!(await agentsReady(worker))) return;
  if (!(await baseRunBegun(worker))) return;
  await runIteration(worker);
}

const POLL_MS = 200;

/** Waits before the next spawn after a failure, with growing delay and jitter. @returns false when a command arrived */
async function backOff(worker: Worker): Promise<boolean> {
  const { backoff, progress, outage } = stateOf(worker);
  if (!backoff) return true;
  const { retryDelayMs } = worker.file.settings;
  const growing = growingDelay(Math.max(progress.failureCounts.failures, outage?.tries ?? 0), retryDelayMs);
  const waitMs = growing * (1 + Math.random() / 4);
  const begun = worker.clock.monotonic();
  while (worker.clock.monotonic() - begun < waitMs) {
    if ((await waitingCommandIds(worker)).length > 0) return false;
    await worker.clock.sleep(Math.min(POLL_MS, waitMs));
  }
  return true;
}
