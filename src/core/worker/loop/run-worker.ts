import { homedir } from 'node:os';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { folderNow } from '../commands/archive-places.ts';
import { takeCommands, waitingCommandIds } from '../commands/take-commands.ts';
import { performWork } from '../finish/perform.ts';
import { endBaseRun, stopBaseRun } from '../judge/base-run.ts';
import { callExtensions } from '../state/extension.ts';
import { say } from '../state/failure.ts';
import { SupervisorClient } from '../state/supervisor-client.ts';
import { recordIfTaken, stateOf, type Worker } from '../state/worker.ts';
import { nextStep } from './next-step.ts';
import { type OpenedWorker, openWorker, type WorkerOptions } from './open-worker.ts';
import { runStep } from './run-step.ts';
import { takeOver } from './take-over.ts';

/**
 * Works on one session until nothing is left to do. Returns at once if another worker has it. Starting and recovering
 * are the same: take the lease, fold the log, do what the state requires next.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { clock, host, env, supervisorProgram: program } = options;
  const watch = new SupervisorClient({ env, home: env.HOME ?? homedir(), host, clock, program });
  for (;;) {
    const opened = await openWorker(options, watch);
    if (opened === undefined) return;
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
  await worker.application?.reserve().catch((error) => say(worker, error));
  await takeOver(worker, lease, { truncatedBytes: writer.truncatedBytes, arrived });
  // An agent of an earlier worker may be waiting for its connections.
  worker.guard.agentRuns = stateOf(worker).openIteration !== undefined;
  if (worker.file.settings.sandbox === 'strict' && worker.guard.agentRuns)
    await worker.guard.egress().catch((error) => say(worker, error));
  const leave = (why: string) => leaveInOrder(worker, why);
  await work(worker)
    .then(leave)
    .catch(async (error) => {
      // A new owner elsewhere waits until all processes have ended before it starts an agent, so end them first.
      await worker.application?.end();
      await stopBaseRun(worker);
      if (BASE_ERRORS.lease_lost.is(error)) await lease.markLost().catch(() => undefined);
      throw error;
    });
  await lease.release().catch((error) => say(worker, error));
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
  await worker.application?.end();
  await endBaseRun(worker);
  const isOver = stateOf(worker).status.kind === 'done';
  await worker.guard.leave({ isOver }).catch((error) => say(worker, error));
  await worker.slots.leave();
  await recordIfTaken(worker, { type: 'worker_left', why });
  await callExtensions(worker, 'betweenAgents');
  worker.writer.writeCache();
  crashPoint('before-release');
}

/** @returns why it leaves */
async function work(worker: Worker): Promise<string> {
  for (;;) {
    const left = await runStep(worker, () => oneStep(worker));
    if (left !== undefined) return left;
  }
}

async function oneStep(worker: Worker): Promise<string | undefined> {
  // Work left by a crash comes first; a command would be judged as if it did not exist.
  if (await performWork(worker)) return undefined;
  await takeCommandsIfNoChild(worker);
  if (!worker.application?.isHeld()) await worker.application?.end();
  if (await performWork(worker)) return undefined;
  return stateOf(worker).archived ? 'archived' : await nextStep(worker);
}

// While an agent that outlived its worker is running, `watchChild` takes the commands.
async function takeCommandsIfNoChild(worker: Worker): Promise<void> {
  const { openIteration, status } = stateOf(worker);
  if (openIteration === undefined || status.kind !== 'running') await takeCommands(worker, 'no_child');
}
