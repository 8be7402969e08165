import { homedir } from 'node:os';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { isSamocodeError, type SamocodeError } from '../../kernel/errors.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { checkLimit } from '../../kernel/phases/decide.ts';
import { growingDelay } from '../../kernel/phases/outage.ts';
import type { OwnedLease } from '../../kernel/processes/lease.ts';
import { placesOfSession, requireOwnPlaces } from '../../project/finding/own-places.ts';
import type { OpenIteration, SessionState } from '../../session/events/state.ts';
import { clearHeldUp, noteHeldUp } from '../../session/folder/held-up.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { folderNow } from '../commands/archive-places.ts';
import { applyPhaseEdit } from '../commands/phase-edit.ts';
import { takeCommands, waitingCommandIds } from '../commands/take-commands.ts';
import { isInterrupted } from '../commands/while-taking-commands.ts';
import { performWork } from '../finish/perform.ts';
import { requireAcceptedGit } from '../guarding/changes.ts';
import { restoreWorktree } from '../guarding/restore-worktree.ts';
import { FORGE_LOGIN, requireSandboxLevel, SANDBOX_LOWER } from '../guarding/sandbox-level.ts';
import { requireReadyAgents } from '../iteration/agents-ready.ts';
import { prepare, setUpAgain } from '../iteration/prepare.ts';
import { runIteration } from '../iteration/run-iteration.ts';
import {
  beginBaseRun,
  endBaseRun,
  requireRunnableBase,
  stopBaseRun,
  untilBaseRunBegins,
} from '../judge/base-run.ts';
import { proveClaim } from '../judge/obstacles.ts';
import { announceChange, freeAgent } from '../limits/account.ts';
import { requireBudget } from '../limits/budget.ts';
import { queueReason } from '../limits/queue.ts';
import { joinEnvironment } from '../state/environment.ts';
import { callExtensions } from '../state/extension.ts';
import {
  Blocked,
  blockedBy,
  blockedEvent,
  isStopDue,
  Stopped,
  stopEvents,
  stoppedEvent,
} from '../state/interrupts.ts';
import { readAgentRecord } from '../state/iteration.ts';
import { isPassing, isRefusedFile, lastingFailure, logToStderr, patiently } from '../state/passing-errors.ts';
import { isAlive } from '../state/processes.ts';
import { SupervisorClient } from '../state/supervisor-client.ts';
import { record, recordIfTaken, stateOf, type Worker } from '../state/worker.ts';
import { type OpenedWorker, openWorker, takeOver, type WorkerOptions } from './open-worker.ts';
import { ownOrder, restStep } from './rest.ts';
import { holdServices, servicesForAgent } from './services.ts';

/**
 * Works on one session until nothing is left to do. Returns at once if another worker has it. Starting and recovering
 * are the same: take the lease, fold the log, do what the state requires next.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { clock, host, env, supervisorProgram: program } = options;
  const watch = new SupervisorClient({ env, home: env.HOME ?? homedir(), host, clock, program });
  for (;;) {
    const opened = await openWorker(options, watch).catch((error: unknown) => {
      if (isPassing(error)) noteHeldUp(sessionPaths(options.sessionsDir, options.folder), error);
      throw error;
    });
    if (opened === undefined) return;
    clearHeldUp(opened.worker.paths);
    const hasMore = await workOnce(opened, watch).finally(() => opened.worker.memory.watcher?.close());
    if (!hasMore) return;
  }
}

/** @returns whether there is more to do, under another lease */
async function workOnce({ worker, lease, arrived }: OpenedWorker, watch: SupervisorClient): Promise<boolean> {
  using writer = worker.writer;
  // Read git's executable settings first, so that no git call runs a planted program.
  if (arrived) await worker.git.accept(arrived.worktreePath);
  else if (writer.state.worktree)
    await worker.git.unaccepted(writer.state.worktree.path).catch(() => undefined);
  worker.projector.relocate(folderNow(worker));
  // If it fails, the session blocks before SETUP, or before its next agent.
  await worker.services?.reserve().catch((error) => logToStderr(worker, error));
  const took = () => takeOver(worker, lease, { truncatedBytes: writer.truncatedBytes, arrived });
  await patiently(worker, 'the session is not taken over', took, isPassing);
  // An agent of an earlier worker may be waiting for its connections.
  worker.guard.agentRuns = stateOf(worker).openIteration !== undefined;
  if (worker.file.settings.sandbox === 'strict' && worker.guard.agentRuns)
    await worker.guard.egress().catch((error) => logToStderr(worker, error));
  const leave = (why: string) => leaveInOrder(worker, why);
  await work(worker, lease)
    .then(leave)
    .catch(async (error) => {
      // A new owner elsewhere waits until all processes have ended before it starts an agent, so end them first.
      await worker.services?.end();
      await stopBaseRun(worker);
      if (BASE_ERRORS.lease_lost.is(error)) await lease.markLost().catch(() => undefined);
      throw error;
    });
  await lease.release().catch((error) => logToStderr(worker, error));
  crashPoint('after-release');
  await watch.handOver(worker.paths.sessionsDir);
  crashPoint('after-handover');
  // A program that sent a command before the release saw a live worker and started no other.
  return (await waitingCommandIds(worker)).length > 0;
}

/**
 * Leaves a session. It does not wait for a full disk: the next worker writes what is missing. If the lease cannot be
 * released, it counts as a dead worker's once this process has ended.
 */
async function leaveInOrder(worker: Worker, why: string): Promise<void> {
  crashPoint('before-leaving');
  await worker.services?.end();
  await endBaseRun(worker);
  const isOver = stateOf(worker).status.kind === 'done';
  await worker.guard.leave({ isOver }).catch((error) => logToStderr(worker, error));
  await worker.slots.leave();
  await recordIfTaken(worker, { type: 'worker_left', why });
  await callExtensions(worker, 'betweenAgents');
  worker.writer.writeCache();
  crashPoint('before-release');
}

/** @returns why it leaves */
async function work(worker: Worker, lease: OwnedLease): Promise<string> {
  const step = async () => {
    await lease.check();
    return await oneStep(worker).catch(async (error: unknown) => {
      // What fails while a disk is away says nothing about the session, and is done again once it is back.
      await lease.check();
      throw error;
    });
  };
  for (;;) {
    const left = await runStep(worker, step);
    if (left !== undefined) return left;
  }
}

async function oneStep(worker: Worker): Promise<string | undefined> {
  // Work left by a crash comes first; a command would be judged as if it did not exist.
  if (await performWork(worker)) return undefined;
  await takeCommandsIfNoAgent(worker);
  if (!worker.services?.isHeld()) await worker.services?.end();
  if (await performWork(worker)) return undefined;
  return stateOf(worker).archived ? 'archived' : await nextStep(worker);
}

// While an agent that outlived its worker is running, `watchAgent` takes the commands.
async function takeCommandsIfNoAgent(worker: Worker): Promise<void> {
  const { openIteration, status } = stateOf(worker);
  if (openIteration === undefined || status.kind !== 'running') await takeCommands(worker, 'no_agent');
}

/**
 * Runs a step and records every way in which it does not end: a stop, a block, a failure. It waits out a temporary
 * failure (a full disk, too many open files) and blocks the session for one that a person must fix. For a bug, it ends
 * the worker if an iteration is open, so that the next one takes over, and blocks the session otherwise.
 * @returns why the worker leaves: the step's result, or the failure that the session is already blocked for
 */
export async function runStep(
  worker: Worker,
  step: () => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    return await patiently(worker, 'a step is not done', step, isPassing);
  } catch (error) {
    if (error instanceof Stopped) {
      await record(worker, ...stopEvents(worker));
      return undefined;
    }
    if (error instanceof Blocked) {
      const { phase } = stateOf(worker).progress;
      await record(worker, blockedEvent({ phase, ...error.block }));
      return undefined;
    }
    const failure = lastingFailure(worker, error, 'resume the session');
    if (isGone(worker) || !(await mayStay(worker, error))) throw error;
    return (await block(worker, failure)) ? undefined : 'blocked';
  }
}

/**
 * Whether the run folder was moved away while no agent is running: recording the failure would write to its new
 * location.
 */
function isGone(worker: Worker): boolean {
  return stateOf(worker).openIteration === undefined && statsAt(worker.paths.runDir) === undefined;
}

/**
 * False while the agent of the open iteration is alive, since no worker would watch it: the next worker handles it. A
 * file that this worker cannot access is inaccessible to the next one too.
 */
async function mayStay(worker: Worker, error: unknown): Promise<boolean> {
  const open = stateOf(worker).openIteration;
  if (open === undefined) return true;
  if (await agentLives(worker, open)) return false;
  return isSamocodeError(error) || (isRefusedFile(error) && /^(?:EPERM|EACCES)$/.test(error.code ?? ''));
}

async function agentLives(worker: Worker, { iteration }: OpenIteration): Promise<boolean> {
  const child = await readAgentRecord(worker, iteration).catch(() => undefined);
  return child !== undefined && (await isAlive(worker, child));
}

/** @returns false when the session is already blocked for the same reason */
async function block(worker: Worker, failure: SamocodeError): Promise<boolean> {
  const { status, progress } = stateOf(worker);
  if (status.kind === 'blocked' && status.reason === failure.message) return false;
  await record(worker, blockedBy(failure, progress.phase));
  return true;
}

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
async function nextStep(worker: Worker): Promise<string | undefined> {
  await callExtensions(worker, 'beforeStep');
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
      // A pull can have changed it since this worker began.
      if (openIteration === undefined)
        await requireOwnPlaces(placesOfSession(worker.file), { baseEnv: worker.env });
      if (!prepared) {
        await prepare(worker);
      } else if (openIteration !== undefined) {
        // The slot was freed by the worker's end or by a block. The agent may be running, so do not wait for a slot.
        await worker.slots.take().catch(() => false);
        // The services ended with the worker that had started the agent.
        worker.services?.startBeside(openIteration.phase);
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
      if (worker.services?.isHeld()) return await holdServices(worker, worker.services);
      // A resume starts a worker with the intended environment.
      if (needsAnotherEnvironment(state)) return 'another environment is needed';
      return await restStep(worker);
    case 'limited':
      await worker.slots.leave();
      return await restStep(worker);
    case 'stopped':
    case 'done':
      return worker.services?.isHeld() ? await holdServices(worker, worker.services) : status.kind;
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
  // What is asked before the first one costs anything, and what runs beside it.
  async (worker) => await callExtensions(worker, 'betweenAgents'),
  beginBaseRun,
  requireReadyAgents,
  untilBaseRunBegins,
  servicesForAgent,
  runNewIteration,
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
