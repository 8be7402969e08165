import type { Clock } from '../base/clock.ts';
import type { Host } from '../base/host.ts';
import { acquireLease, LeaseHeldError, type OwnedLease } from '../base/lease.ts';
import { checkLimit } from '../phases/decide.ts';
import { pendingCommandIds } from '../session/commands.ts';
import { readLog } from '../session/event-log.ts';
import { EventWriter } from '../session/event-writer.ts';
import { sessionPaths } from '../session/paths.ts';
import { readSessionFile } from '../session/session-file.ts';
import { backOff } from './back-off.ts';
import { moveSession } from './commands/archive.ts';
import { GitGuard } from './git-guard.ts';
import { idle } from './idle.ts';
import { obeyPhaseLine } from './obey-phase-line.ts';
import { prepare } from './prepare.ts';
import { Projector } from './projector.ts';
import { runIteration } from './run-iteration.ts';
import { settleEvents } from './settle.ts';
import { Slots } from './slots.ts';
import { takeCommands } from './take-commands.ts';
import { takeOver } from './take-over.ts';
import { record, stateOf, type Worker } from './worker.ts';
import { worktreeStands } from './worktree-stands.ts';

export interface WorkerOptions {
  sessionsDir: string;
  folder: string;
  clock: Clock;
  host: Host;
  env: Readonly<Record<string, string | undefined>>;
  rehearsalProgram: string;
}

/**
 * Works on one session until nothing is left to do. Returns at once when another worker has it.
 * Starting and recovering are the same: take the lease, fold, do whatever the state asks for next.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const paths = sessionPaths(options.sessionsDir, options.folder);
  const file = await readSessionFile(paths);
  if (file === undefined) throw new Error(`There is no session file at ${paths.sessionFile}.`);
  const { clock, host, env, rehearsalProgram } = options;
  for (;;) {
    const lease = await leaseOf(options, paths);
    if (lease === undefined) return;
    await using writer = await EventWriter.open(paths, lease, clock);
    const projector = new Projector(paths, file);
    const git = new GitGuard(paths, file, env);
    const slots = new Slots(file.sessionsDir, file.settings.maxParallel, { clock, host });
    const worker: Worker = { paths, file, clock, host, env, rehearsalProgram, writer, projector, git, slots };
    if (writer.state.archived) await moveSession(worker, true);
    await takeOver(worker, lease, writer.truncatedBytes);
    const why = await work(worker);
    await slots.leave();
    await record(worker, { type: 'worker_left', why });
    await writer.writeCache();
    await lease.release();
    // Whoever left a command before the release saw a live worker and started no other.
    if ((await pendingCommandIds(paths)).length === 0) return;
  }
}

async function leaseOf(
  options: WorkerOptions,
  paths: ReturnType<typeof sessionPaths>,
): Promise<OwnedLease | undefined> {
  const { clock, host } = options;
  const above = (await readLog(paths))?.state.lease ?? 0;
  try {
    return await acquireLease(paths.leases, { clock, host, above });
  } catch (error) {
    if (error instanceof LeaseHeldError) return undefined;
    throw error;
  }
}

const QUEUE_POLL_MS = 500;

/** @returns why the worker leaves */
async function work(worker: Worker): Promise<string> {
  for (;;) {
    const state = stateOf(worker);
    await takeCommandsIfNoChild(worker);
    if (stateOf(worker).archived) return 'archived';
    if (state.pending !== undefined && stateOf(worker).pending !== undefined) {
      await record(worker, ...(await settleEvents(worker)));
      continue;
    }
    const left = await step(worker);
    if (left !== undefined) return left;
  }
}

// A child that outlived a worker may still run: then its commands are taken while it is watched.
async function takeCommandsIfNoChild(worker: Worker): Promise<void> {
  if (stateOf(worker).openIteration === undefined) await takeCommands(worker, 'idle');
}

async function step(worker: Worker): Promise<string | undefined> {
  const state = stateOf(worker);
  const { status, stopWanted } = state;
  switch (status.kind) {
    case 'starting':
      if (state.createdAt === undefined) return 'nothing was asked for';
      await prepare(worker);
      return undefined;
    case 'running':
      if (state.openIteration !== undefined) {
        await runIteration(worker);
      } else if (stopWanted !== undefined) {
        await record(worker, { type: 'stopped', by: stopWanted.by, why: 'asked for', flow: 'Stopped' });
      } else if (!state.runWanted && state.progress.totalIterations === 0) {
        await record(worker, { type: 'stopped', by: { channel: 'settings' }, why: 'started without a run' });
      } else {
        await nextIteration(worker);
      }
      return undefined;
    case 'queued':
      if (await worker.slots.take()) await record(worker, { type: 'went_on', why: 'slot_free' });
      else await worker.clock.sleep(QUEUE_POLL_MS);
      return undefined;
    case 'waiting':
      await worker.slots.leave();
      if (stopWanted !== undefined) {
        await record(worker, { type: 'stopped', by: stopWanted.by, why: 'asked for', flow: 'Stopped' });
        return undefined;
      }
      return (await idle(worker)) ? undefined : 'parked for a day; it comes back when something happens';
    case 'limited':
    case 'blocked':
      await worker.slots.leave();
      return (await idle(worker)) ? undefined : 'parked for a day; it comes back when something happens';
    case 'stopped':
      return 'stopped';
    case 'done':
      return 'done';
    default:
      return status satisfies never;
  }
}

async function nextIteration(worker: Worker): Promise<void> {
  if (await obeyPhaseLine(worker)) return;
  const limit = checkLimit(stateOf(worker).progress);
  if (limit !== undefined) {
    const { phase, reason, needs, rule } = limit;
    await record(worker, {
      type: 'blocked',
      phase,
      reason,
      needs,
      rule,
      flow: `Blocked (${needs}): ${reason}`,
    });
    return;
  }
  if (!(await worktreeStands(worker))) return;
  if (!(await worker.slots.take())) {
    const reason = `all ${worker.file.settings.maxParallel} places of MAX_PARALLEL are taken`;
    await record(worker, { type: 'queued', reason });
    return;
  }
  if (await backOff(worker)) await runIteration(worker);
}
