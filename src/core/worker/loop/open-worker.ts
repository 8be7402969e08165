import { rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as z from 'zod';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import { fromExtensions } from '../../kernel/extension.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { type Host, identify, type ProcessIdentity } from '../../kernel/processes/host.ts';
import { acquireLease, type OwnedLease, readHolding, untilMarkedLost } from '../../kernel/processes/lease.ts';
import { placesOfSession, requireOwnPlaces } from '../../project/finding/own-places.ts';
import { waitForRunningGit } from '../../project/git/running-git.ts';
import { checkoutsOf } from '../../project/proving/checkout-variables.ts';
import { withoutClosed } from '../../sandbox/programs/environment.ts';
import type { LaunchReason } from '../../sandbox/programs/launch-worker.ts';
import { ChildrenEnvironment, loginRefusal } from '../../sandbox/programs/login-shell.ts';
import { exitFile, NEVER_STARTED } from '../../sandbox/programs/run-child.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { judgeTakeOver } from '../../session/commands/judge-running.ts';
import type { EventBody } from '../../session/events/bodies/event-types.ts';
import { Arrived, Places } from '../../session/events/bodies/positions.ts';
import { atPlaces, printOfTexts } from '../../session/events/bodies/session-file.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { LEFT_BEHIND } from '../../session/events/fold.ts';
import { Slots } from '../../session/folder/slots.ts';
import { iterationPaths, type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import { SESSION_ERRORS } from '../../session/layout/session-errors.ts';
import { isLogQuarantined } from '../../session/log/event-log.ts';
import { EventWriter, readBefore } from '../../session/log/event-writer.ts';
import { readWrittenStart } from '../../session/log/read-session-file.ts';
import { phaseSetByHand, setPhase, writtenPhase } from '../commands/phase-edit.ts';
import { Projector } from '../documents/projector.ts';
import { removeDraftsOfDead } from '../iteration/end.ts';
import { clearScratch, endBaseProcesses } from '../judge/in-clone.ts';
import { sessionExtensions } from '../state/extension.ts';
import { GitGuard } from '../state/git-guard.ts';
import { readAgentRecord, readExit } from '../state/iteration.ts';
import { endAgentTree, isAlive } from '../state/processes.ts';
import { SessionServices } from '../state/session-services.ts';
import type { SupervisorClient } from '../state/supervisor-client.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { WorkerGuard } from '../state/worker-guard.ts';

export interface WorkerOptions {
  clock: Clock;
  host: Host;
  /** Why the session continues, as observed by the program that started this worker. */
  wake?: LaunchReason;
  sessionsDir: string;
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
  rehearsalProgram: string;
  supervisorProgram: string;
}

export interface OpenedWorker {
  worker: Worker;
  lease: OwnedLease;
  /** Set if the session came from another machine and no worker has recorded that yet. */
  arrived?: Arrived;
}

/** Takes the lease of a session and folds its log. @returns undefined when there is nothing to work on */
export async function openWorker(
  options: WorkerOptions,
  watch: SupervisorClient,
): Promise<OpenedWorker | undefined> {
  const paths = sessionPaths(options.sessionsDir, options.folder);
  const { clock, host, rehearsalProgram, wake = {} } = options;
  // Read again for every lease, because the session had no owner in between. Before the lease, so that a newer worker
  // does not consider ours dead.
  const before = await readBefore(paths);
  const recorded = before.log?.state.file;
  const written = recorded === undefined ? await readWrittenStart(paths) : undefined;
  const chosen = recorded ?? written?.file;
  if (chosen !== undefined) {
    // A pull can have put links or files where ours are.
    const file = atPlaces(chosen, paths, before.log?.state.places);
    await requireOwnPlaces(placesOfSession(file), { baseEnv: options.env });
  }
  if (isLogQuarantined(paths)) return undefined;
  // Without it, no worker would notice that another machine has the session.
  if (chosen?.pool && !sessionExtensions.items.some(({ checkLease }) => checkLease))
    throw COMMAND_ERRORS.no_extension({ kind: 'pool' });
  if (chosen === undefined) throw new Error(`There is no session file at ${paths.sessionFile}.`);
  const given = before.given ?? written?.given ?? {};
  if (chosen.texts !== undefined && chosen.texts !== printOfTexts(given))
    throw SESSION_ERRORS.session_file_broken({ path: paths.sessionFile, problem: OTHER_TEXTS });
  const above = before.log?.state.lease ?? 0;
  const { worktreesDir } = atPlaces(chosen, paths, before.log?.state.places);
  const lease = await takeLease(options, paths, { watch, above, worktreesDir });
  if (lease === undefined) return undefined;
  if (await wasTakenAway(paths)) return undefined;
  const died = lease.previous?.how === 'died';
  const writer = await EventWriter.open(paths, lease, clock, before);
  if (died && writer.state.openIteration !== undefined) await untilGivenUp(options, paths, lease);
  const arrived = await plainJson(paths.arrived, Arrived);
  const file = atPlaces(chosen, paths, arrived ?? writer.state.places);
  const limits = { project: file.settings.maxParallel, machine: watch.machineSlots };
  const env = withoutClosed({ ...file.settings.gitIdentity, ...options.env });
  const environment = new ChildrenEnvironment(env, loginRefusal(file.settings, env.HOME));
  const unguarded: Omit<Worker, 'guard'> = {
    paths,
    file,
    given,
    clock,
    host,
    environment,
    checkouts: await checkoutsOf(file, env),
    rehearsalProgram,
    writer,
    wake,
    watch,
    projector: new Projector(paths, file, hostname()),
    git: new GitGuard(paths, file, env, () => writer.state.sandbox),
    slots: new Slots(file.sessionsDir, limits, {
      clock,
      host,
      under: { leases: paths.leases, number: lease.number },
    }),
    memory: {},
    get env() {
      return environment.now;
    },
  };
  const worker = Object.assign(unguarded, { guard: new WorkerGuard(unguarded) });
  const [application] = fromExtensions('application');
  if (application !== undefined) worker.services = new SessionServices(worker, await application());
  return { worker, lease, arrived };
}

const OTHER_TEXTS = 'The texts that it was started with are not those that its choices name';

/** Takes the session's lease. @returns undefined when another worker has it */
async function takeLease(
  options: WorkerOptions,
  paths: SessionPaths,
  {
    watch: { identity: supervisor },
    above,
    worktreesDir,
  }: { watch: SupervisorClient; above: number; worktreesDir: string },
): Promise<OwnedLease | undefined> {
  const { clock, host } = options;
  const givenUp = await givenUpOwner(options, paths);
  try {
    return await acquireLease(paths.leases, {
      clock,
      host,
      above,
      supervisor,
      within: paths.runDir,
      onDisks: [paths.runDir, paths.sessionsDir, worktreesDir],
      takeUnknowable: givenUp ?? false,
    });
  } catch (error) {
    if (BASE_ERRORS.lease_held.is(error)) return undefined;
    throw error;
  }
}

/** Waits for an owner that was given up but may still be alive: it ends its agent once it sees the new lease. */
async function untilGivenUp(
  { clock, wake }: WorkerOptions,
  paths: SessionPaths,
  { previous }: OwnedLease,
): Promise<void> {
  if (previous === undefined || previous.number !== wake?.takeOver) return;
  await untilMarkedLost(paths.leases, previous.number, { clock, patienceMs: GIVING_UP_MS });
}

/** Covers the check of the leases, once a second, and the end of a process tree that ignores SIGTERM. */
const GIVING_UP_MS = 10_000;

/** The owner that a person has given up, if possible; a refusal is repeated when the lease is taken. */
async function givenUpOwner(
  { host, wake }: WorkerOptions,
  paths: SessionPaths,
): Promise<ProcessIdentity | undefined> {
  if (wake?.takeOver === undefined) return undefined;
  const holding = await readHolding(paths.leases, host);
  const verdict = judgeTakeOver({ session: paths.folder, holding, givenUp: wake.takeOver });
  return verdict.kind === 'accepted' ? verdict.lease.owner : undefined;
}

/** Whether a failed start has moved the folder away; taking the lease then recreated a folder that is not a session. */
async function wasTakenAway({ sessionFile, events, leases, runDir }: SessionPaths): Promise<boolean> {
  if (statsAt(sessionFile) !== undefined || statsAt(events) !== undefined) return false;
  await rm(leases, { recursive: true, force: true });
  await rmdir(runDir).catch(() => undefined);
  return true;
}

/** The machine that has a session of a pool, as its supervisor records it. */
const Ownership = z.object({ host: z.string() });

type Recovery = Pick<EventBody<'worker_took_over'>, 'recovery' | 'why'>;

/** Records the new worker and what it found; work left by the last one is then continued like any other. */
export async function takeOver(
  worker: Worker,
  lease: OwnedLease,
  { truncatedBytes, arrived }: { truncatedBytes: number; arrived?: Arrived },
): Promise<void> {
  const { host, writer } = worker;
  // Changes by a git process of a dead worker would be mistaken for a person's.
  await waitForRunningGit(worker.paths.gitCalls, worker);
  const self = await identify(host, process.pid);
  if (self === undefined) throw new Error('This process is not in the process table.');
  const found = await findOpenIteration(worker);
  const byHand = await phaseSetByHand(worker);
  // The next write of the overview restores the phase.
  const moved = stateOf(worker).openIteration && (await writtenPhase(worker));
  // Before the first line of this worker, which would mark all earlier ones as written.
  await worker.projector.catchUp(stateOf(worker));
  const tookOver: NewEvent = {
    type: 'worker_took_over',
    worker: self,
    version: __VERSION__,
    previous: lease.previous?.how ?? 'none',
    ...found,
    truncatedBytes: truncatedBytes || undefined,
    places: arrived && Places.parse(arrived),
    host: worker.file.pool && (await plainJson(worker.paths.ownership, Ownership))?.host,
    platform: process.platform,
  };
  const left = (arrived?.left ?? []).join(' ');
  await record(
    worker,
    tookOver,
    ...(left === '' ? [] : [{ type: 'notice' as const, code: LEFT_BEHIND, text: left }]),
    ...writer.problems.map(lineSkipped),
    ...(moved ? [phaseForged(moved)] : []),
  );
  await rm(worker.paths.arrived, { force: true });
  writer.writeCache();
  if (byHand !== undefined) await setPhase(worker, byHand);
  // A worker that released its lease left no process; a missing lease may have been deleted.
  if (lease.previous?.how === 'released') return;
  await worker.services?.endLeft();
  // An agent may be adopted, but not checks that were running in parallel.
  if (stateOf(worker).openIteration !== undefined) return await endBaseProcesses(worker);
  // No process of a dead worker (SETUP, a check, an agent) may run alongside the next one.
  await endAgentTree(worker, undefined, { leftoversOnly: true });
  await clearScratch(worker);
  removeDraftsOfDead(worker);
}

function lineSkipped(problem: string): NewEvent {
  return { type: 'notice', code: 'log_problem', text: `A line of the event log was skipped: ${problem}` };
}

function phaseForged(phase: Phase): NewEvent {
  const detail = `it said ${phase} while an iteration was open`;
  return { type: 'forgery_seen', what: 'the Phase line of the overview', detail };
}

async function findOpenIteration(worker: Worker): Promise<Recovery> {
  const open = stateOf(worker).openIteration;
  if (open === undefined) return { recovery: 'nothing' };
  // Its provider may not be in this build.
  const of = { files: iterationPaths(worker.paths, open.iteration) };
  const child = await readAgentRecord(worker, open.iteration);
  if (child === undefined)
    return { recovery: 'run_again', why: `iteration ${open.iteration} had no agent yet` };
  if ((await readExit(of, child)) === NEVER_STARTED) {
    // The record is removed first: if this is interrupted, its absence means "no agent yet".
    await rm(of.files.child, { force: true });
    await rm(exitFile(of.files.exit, child), { force: true });
    return { recovery: 'run_again', why: `the agent of iteration ${open.iteration} was never started` };
  }
  const alive = await isAlive(worker, child);
  return alive
    ? { recovery: 'adopt', why: `the agent of iteration ${open.iteration} is still running` }
    : { recovery: 'finish', why: `the agent of iteration ${open.iteration} has ended` };
}
