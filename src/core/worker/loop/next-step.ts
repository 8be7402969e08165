import { checkLimit } from '../../kernel/phases/decide.ts';
import { growingDelay } from '../../kernel/phases/outage.ts';
import type { SessionState } from '../../session/events/state.ts';
import { isInterrupted } from '../commands/while-taking-commands.ts';
import { requireAcceptedGit } from '../guarding/changes-by-agent.ts';
import { restoreWorktree } from '../guarding/restore-worktree.ts';
import { FORGE_LOGIN, requireSandboxLevel, SANDBOX_LOWER } from '../guarding/sandbox-level.ts';
import { requireReadyAgents } from '../iteration/agents-ready.ts';
import { prepare, setUpAgain } from '../iteration/prepare.ts';
import { runIteration } from '../iteration/run-iteration.ts';
import { beginBaseRun, requireRunnableBase, untilBaseRunBegins } from '../judge/base-run.ts';
import { applyPhaseEdit } from '../judge/phase-edit.ts';
import { proveClaim } from '../judge/prove-claim.ts';
import { requireBudget } from '../limits/budget.ts';
import { announceChange, freeAgent } from '../limits/limit-end.ts';
import { queueReason } from '../limits/queue.ts';
import { Blocked } from '../state/blocked.ts';
import { joinEnvironment } from '../state/environment.ts';
import { callExtensions } from '../state/extension.ts';
import { isStopDue, Stopped, stoppedEvent } from '../state/stopped.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { ownOrder, restStep } from './rest.ts';

const NEED_ANOTHER_ENVIRONMENT = new Set([
  'credentials_changed',
  'checks',
  'base_checks',
  'cli_fails',
  'clone_failed',
  'not_logged_in',
  'setup_not_found',
  'guard_failed',
  SANDBOX_LOWER,
  FORGE_LOGIN,
]);

/** Does the next step that the state requires. @returns why the worker leaves; undefined if there is more to do */
export async function nextStep(worker: Worker): Promise<string | undefined> {
  const state = stateOf(worker);
  const { stopWanted } = state;
  if (stopWanted === undefined || !mayStop(state)) return await stepOf(worker, state);
  await record(worker, stoppedEvent(stopWanted.by));
  return undefined;
}

/** Whether nothing is in progress that must be completed first; a blocked session stays blocked. */
function mayStop({ status, prepared, openIteration }: SessionState): boolean {
  if (status.kind === 'running') return prepared && openIteration === undefined;
  return status.kind === 'queued' || status.kind === 'waiting' || status.kind === 'limited';
}

async function stepOf(worker: Worker, state: SessionState): Promise<string | undefined> {
  const { status, prepared, openIteration } = state;
  if (state.createdAt === undefined) return 'nothing to do';
  if (ownOrder(worker) !== undefined && status.kind !== 'waiting') return await restStep(worker);
  switch (status.kind) {
    case 'starting':
    case 'running':
      if (!prepared) {
        await prepare(worker);
      } else if (openIteration !== undefined) {
        // The slot was freed by the worker's end or by a block. The agent may be running, so do not wait for a slot.
        await worker.slots.take().catch(() => false);
        worker.application?.besideAdopted(openIteration.phase);
        await runIteration(worker, { left: openIteration });
      } else if (!state.runWanted && state.lastIteration === undefined) {
        await record(worker, { type: 'stopped', by: { channel: 'settings' }, why: 'started without a run' });
      } else {
        // Not earlier: a living agent must be watched without waiting for the environment.
        await joinEnvironment(worker);
        await inOrder(worker, state.claim === undefined ? RUN_AGENT : JUDGE_AGAIN);
      }
      return undefined;
    case 'queued': {
      const reason = await queueReason(worker);
      if (reason === status.reason) return 'queued';
      await record(
        worker,
        reason === undefined ? { type: 'went_on', why: 'slot_free' } : { type: 'queued', reason },
      );
      return undefined;
    }
    case 'waiting':
    case 'blocked':
      await worker.slots.leave();
      if (worker.application?.isHeld()) return await worker.application.hold();
      // A resume starts a worker with the intended environment.
      if (needsAnotherEnvironment(state)) return 'another environment is needed';
      return await restStep(worker);
    case 'limited':
      await worker.slots.leave();
      return await restStep(worker);
    case 'stopped':
    case 'done':
      return worker.application?.isHeld() ? await worker.application.hold() : status.kind;
    default:
      return status satisfies never;
  }
}

function needsAnotherEnvironment({ status, openIteration }: SessionState): boolean {
  return (
    status.kind === 'blocked' && openIteration === undefined && NEED_ANOTHER_ENVIRONMENT.has(status.rule)
  );
}

/** A part of an iteration; false: it recorded what comes instead of the next part. @throws Stopped, Blocked, SamocodeError */
type Part = (worker: Worker) => unknown;

/** Checks that follow no agent: a claim is judged again after a person's answer. */
const JUDGE_AGAIN: readonly Part[] = [
  keepsPhase,
  requireSandboxLevel,
  requireAcceptedGit,
  restoreWorktree,
  setUpAgain,
  requireRunnableBase,
  hasTurn,
  proveClaim,
];

/** An agent, and what it needs. */
const RUN_AGENT: readonly Part[] = [
  // Is one due?
  keepsPhase,
  requireProgress,
  requireSandboxLevel,
  requireAcceptedGit,
  requireBudget,
  // The environment is not made for an agent that cannot start.
  isFree,
  // What it works in.
  restoreWorktree,
  setUpAgain,
  requireRunnableBase,
  // When it may begin.
  hasTurn,
  backOff,
];
const AFTER_CHOICE: readonly WorkerStep[] = [
  async (worker) => {
    await callExtensions(worker, 'betweenAgents');
    beginBaseRun(worker);
    return true;
  },
  agentsReady,
  baseRunBegun,
  async ({ application }) => (await application?.beforeAgent()) !== false,
];

export async function inOrder(worker: Worker, parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    // A stop may have been taken just as the last part ended.
    if (isStopDue(worker)) throw new Stopped();
    if ((await part(worker)) === false) return;
  }
}

/** @returns false if a person has written another phase into the overview */
async function keepsPhase(worker: Worker): Promise<boolean> {
  return !(await applyPhaseEdit(worker));
}

/** Agents that repeat themselves or fail again and again stop a session. @throws Blocked */
async function requireProgress(worker: Worker): Promise<void> {
  const limit = checkLimit(stateOf(worker).progress);
  if (limit !== undefined) throw new Blocked(limit);
}

async function isFree(worker: Worker): Promise<boolean> {
  return (await freeAgent(worker)) !== undefined;
}

/** Chooses the agent once more: in the minutes before its start a limit may have begun or ended. */
async function runNewIteration(worker: Worker): Promise<void> {
  const agent = await freeAgent(worker);
  if (agent === undefined) return;
  await announceChange(worker, agent);
  await runIteration(worker, { agent });
}

/** Takes a slot, or queues for one. */
async function hasTurn(worker: Worker): Promise<boolean> {
  const reason = await queueReason(worker);
  if (reason !== undefined) await record(worker, { type: 'queued', reason });
  return reason === undefined;
}

/** Waits before the next spawn after a failure, with growing delay and jitter. @returns false when a command arrived */
async function backOff(worker: Worker): Promise<boolean> {
  const { backoff, progress, outage } = stateOf(worker);
  if (!backoff) return true;
  const { retryDelayMs } = worker.file.settings;
  const growing = growingDelay(Math.max(progress.failureCounts.failures, outage?.tries ?? 0), retryDelayMs);
  const waitMs = growing * (1 + Math.random() / 4);
  return !(await isInterrupted(worker, waitMs));
}
