import { rm, rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { BASE_ERRORS } from '../base/base-errors.ts';
import type { Clock } from '../base/clock.ts';
import { crashPoint } from '../base/fault-points.ts';
import type { Host, ProcessIdentity } from '../base/host.ts';
import { acquireLease, type OwnedLease, readHolding, untilMarkedLost } from '../base/lease.ts';
import { statsAt } from '../base/look-at.ts';
import type { Wake } from '../providers/starting/launch-worker.ts';
import { readLog } from '../session/event-log.ts';
import { EventWriter } from '../session/event-writer.ts';
import { type SessionPaths, sessionPaths } from '../session/paths.ts';
import { atPlaces, type Places } from '../session/places.ts';
import { isLogAside } from '../session/rewritten-log.ts';
import { SESSION_ERRORS } from '../session/session-errors.ts';
import { freeSlotsOf, Slots } from '../session/slots.ts';
import { trueSessionFile } from '../session/true-session-file.ts';
import { ChildrenEnvironment } from './children-environment.ts';
import { restOfFinishing } from './commands/finish.ts';
import { say } from './failure.ts';
import { followUp } from './follow-up.ts';
import { GitGuard } from './git-guard.ts';
import { WorkerGuard } from './guard.ts';
import { guarded } from './guarded.ts';
import { nextStep } from './next-step.ts';
import { Projector } from './projector.ts';
import { settleEvents } from './settle.ts';
import { takeCommands, waitingCommandIds } from './take-commands.ts';
import { takeOver } from './take-over.ts';
import { Watch } from './watch.ts';
import { record, recordIfTaken, stateOf, type Worker } from './worker.ts';

const MOVED = 'folders were moved; it begins again at the new ones';

export interface WorkerOptions {
  sessionsDir: string;
  folder: string;
  clock: Clock;
  host: Host;
  env: Readonly<Record<string, string | undefined>>;
  rehearsalProgram: string;
  supervisorProgram: string;
  /** What its starter has watched for it. */
  wake?: Wake;
}

/**
 * Works on one session until nothing is left to do. Returns at once when another worker has it.
 * Starting and recovering are the same: take the lease, fold, do whatever the state asks for next.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const paths = sessionPaths(options.sessionsDir, options.folder);
  const { clock, host, env, rehearsalProgram, wake = {} } = options;
  const home = env.HOME ?? homedir();
  const watch = new Watch({ env, home, host, clock, program: options.supervisorProgram });
  for (;;) {
    // Read anew for every lease: between two of them the session belongs to nobody.
    const chosen = await trueSessionFile(paths);
    if (isLogAside(paths)) return;
    if (chosen === undefined) throw new Error(`There is no session file at ${paths.sessionFile}.`);
    const lease = await leaseOf(options, paths, watch);
    if (lease === undefined) return;
    if (await wasTakenAway(paths)) return;
    // Whoever left in good order has left nobody behind.
    const died = lease.previous?.how === 'died';
    using writer = await EventWriter.open(paths, lease, clock);
    if (died && writer.state.openIteration !== undefined) await untilGivenUp(options, paths, lease);
    const file = atPlaces(chosen, paths, writer.state.places);
    const projector = new Projector(paths, file);
    const git = new GitGuard(paths, file, env);
    const limits = { project: file.settings.maxParallel, machine: watch.machineSlots };
    const slots = new Slots(file.sessionsDir, limits, { clock, host });
    const own = { writer, projector, git, slots, guard: new WorkerGuard(), wake, watch };
    const environment = new ChildrenEnvironment(env);
    const worker: Worker = {
      ...{ paths, file, clock, host, environment, rehearsalProgram, ...own },
      get env() {
        return environment.now;
      },
    };
    // Nothing that was planted before this worker came may be started by it. What fails now fails with each git call.
    if (writer.state.worktree) await git.look(writer.state.worktree.path).catch(() => undefined);
    const away = await followUp(worker, (await restOfFinishing(worker, died)) ?? {});
    await takeOver(worker, lease, { truncatedBytes: writer.truncatedBytes });
    await record(worker, ...away);
    const { places } = writer.state;
    const leave = (why: string) => leaveInOrder(worker, why);
    await work(worker, places)
      .then(leave)
      .catch(async (error) => {
        // All that it started has ended: a new owner elsewhere waits for that before it starts an agent.
        if (BASE_ERRORS.lease_lost.is(error)) await lease.markLost().catch(() => undefined);
        throw error;
      });
    await lease.release().catch((error) => say(worker, error));
    crashPoint('after-release');
    await watch.over(paths.sessionsDir);
    crashPoint('after-handover');
    if (stateOf(worker).places !== places && !stateOf(worker).archived) continue;
    // Whoever left a command before the release saw a live worker and started no other.
    if ((await waitingCommandIds(worker)).length === 0) return;
  }
}

/**
 * Leaves a session that rests. What a full disk does not take now is not waited for: the next worker writes it. A lease
 * that could not be released is that of a worker that died, once this process has ended.
 */
async function leaveInOrder(worker: Worker, why: string): Promise<void> {
  crashPoint('before-leaving');
  await worker.slots.leave();
  await recordIfTaken(worker, { type: 'worker_left', why });
  worker.writer.writeCache();
  crashPoint('before-release');
}

/** A start that had given up moves its folder away; what the lease has made anew in its place is no session. */
async function wasTakenAway({ sessionFile, events, leases, runDir }: SessionPaths): Promise<boolean> {
  if (statsAt(sessionFile) !== undefined || statsAt(events) !== undefined) return false;
  await rm(leases, { recursive: true, force: true });
  await rmdir(runDir).catch(() => undefined);
  return true;
}

async function leaseOf(
  options: WorkerOptions,
  paths: SessionPaths,
  { identity: supervisor }: Watch,
): Promise<OwnedLease | undefined> {
  const { clock, host } = options;
  // From the events alone: the cache may be a newer program's, or anybody's. Found out before the lease is taken: a newer
  // worker must not meet ours as one that died.
  const log = await readLog(paths, { useCache: false });
  if (log?.newer !== undefined) throw SESSION_ERRORS.newer_format({ newer: log.newer });
  const above = log?.state.lease ?? 0;
  const givenUp = await givenUpOwner(options, paths);
  // Its place first: once the session is ours, nobody knows any more whose that was.
  if (givenUp !== undefined) await freeSlotsOf(givenUp, options.sessionsDir, { clock, host });
  try {
    return await acquireLease(paths.leases, {
      clock,
      host,
      above,
      supervisor,
      takeUnknowable: givenUp ?? false,
    });
  } catch (error) {
    if (BASE_ERRORS.lease_held.is(error)) return undefined;
    throw error;
  }
}

/** Given up as gone, but it may live: then it ends its agent once it sees the new lease. */
async function untilGivenUp(
  { clock, wake }: WorkerOptions,
  paths: SessionPaths,
  { previous }: OwnedLease,
): Promise<void> {
  if (previous === undefined || previous.number !== wake?.takeOver) return;
  await untilMarkedLost(paths.leases, previous.number, { clock, patienceMs: GIVING_UP_MS });
}

/** For a look at the leases, which comes each second, and the end of a tree that ignores SIGTERM. */
const GIVING_UP_MS = 10_000;

// The person gave up one owner; another that came meanwhile is no less to be respected.
async function givenUpOwner(
  { host, wake }: WorkerOptions,
  paths: SessionPaths,
): Promise<ProcessIdentity | undefined> {
  if (wake?.takeOver === undefined) return undefined;
  const holding = await readHolding(paths.leases, host);
  const isMeant = holding.kind === 'held' && holding.lease.number === wake.takeOver;
  return isMeant && holding.liveness === 'unknowable' ? holding.lease.owner : undefined;
}

/** @param places those that the worker knows @returns why it leaves */
async function work(worker: Worker, places: Places | undefined): Promise<string> {
  for (;;) {
    const left = await guarded(worker, () => oneStep(worker, places));
    if (left !== undefined) return left;
  }
}

async function oneStep(worker: Worker, places: Places | undefined): Promise<string | undefined> {
  if (stateOf(worker).pending !== undefined) {
    // What a crash left behind comes first: a command would be met as if it were not there.
    await record(worker, ...(await settleEvents(worker)));
    return undefined;
  }
  await takeCommandsIfNoChild(worker);
  if (stateOf(worker).archived) return 'archived';
  // All that this worker knows is of the old places.
  if (stateOf(worker).places !== places) return MOVED;
  return await nextStep(worker);
}

// A child that outlived a worker may still run: then its commands are taken while it is watched.
async function takeCommandsIfNoChild(worker: Worker): Promise<void> {
  const { openIteration, status } = stateOf(worker);
  if (openIteration === undefined || status.kind !== 'running') await takeCommands(worker, 'no_child');
}
