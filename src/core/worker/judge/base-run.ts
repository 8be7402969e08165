import { isSamocodeError, type SamocodeError } from '../../kernel/errors.ts';
import {
  type BaseChecks,
  baseChecksOf,
  type ChecksRan,
  isRedThenGreen,
  isStale,
} from '../../kernel/phases/proving.ts';
import { onceForBase } from '../../project/proving/base-results.ts';
import { namesInto } from '../../project/proving/checkout-variables.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import { withLacking } from '../../sandbox/lacking-setup.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { leftOutBy } from '../state/environment.ts';
import {
  checksOf,
  provingOf,
  record,
  recordIfTaken,
  stateOf,
  type Worker,
  type WorkerMemory,
} from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';
import { commitWithTree, judgingBase, showChecking } from './check-facts.ts';
import { baseRunMark, endBaseProcesses, runInClone } from './in-clone.ts';
import { repeatRed, untilBaseRunEnds } from './repeated.ts';

function isWanted(worker: Worker): boolean {
  const { worktree, baseChecks } = stateOf(worker);
  const isInClone = provingOf(worker).in === 'clone' && worktree !== undefined;
  return isInClone && (baseChecks === undefined || isStale(baseChecks)) && checksOf(worker).length > 0;
}

/** Starts the base checks in the background, unless they are running or their result is known. */
export function beginBaseRun(worker: Worker): void {
  if (!isWanted(worker) || worker.memory.baseRun) return;
  const stop = new AbortController();
  const { signal } = stop;
  const run: NonNullable<WorkerMemory['baseRun']> = { stop, begun: done, ended: done };
  run.begun = new Promise<void>((begins) => {
    run.ended = runBase(worker, { signal, begins })
      .catch((error: unknown) => {
        if (!signal.aborted) run.failure = asFailure(error);
        return undefined;
      })
      .then((result) => {
        run.result = result;
        begins();
        return result;
      });
  });
  worker.memory.baseRun = run;
}

const done = Promise.resolve(undefined);

function asFailure(error: unknown): SamocodeError {
  if (isSamocodeError(error)) return error;
  const problem = error instanceof Error ? error.message : String(error);
  return WORKER_ERRORS.clone_failed({ problem: `${problem}.` });
}

/**
 * Waits, before the first agent costs anything, until a fresh clone of the base commit is made and SETUP has run in it;
 * CHECK then runs beside the agents.
 * @throws SamocodeError when nothing can be proved here
 */
export async function untilBaseRunBegins(worker: Worker): Promise<void> {
  const { baseRun } = worker.memory;
  if (baseRun === undefined || stateOf(worker).lastIteration !== undefined) return;
  showChecking(worker, 'the base commit');
  await whileTakingCommands(worker, async (signal) => {
    signal.addEventListener('abort', () => baseRun.stop.abort(), { once: true });
    await baseRun.begun;
  });
  await requireRunnableBase(worker);
}

/**
 * Records the result of finished base checks. Called while no other event is being written.
 * @returns the error if they could not run
 */
async function collectBaseRun(worker: Worker): Promise<SamocodeError | undefined> {
  const run = worker.memory.baseRun;
  if (run?.result !== undefined) await record(worker, { type: 'checks_ran', ...run.result });
  if (run?.result !== undefined || run?.failure !== undefined) delete worker.memory.baseRun;
  return run?.failure;
}

/** Waits for the base checks, however long they take. @returns their end, to be recorded by the caller */
async function awaitBaseRun(
  worker: Worker,
  signal: AbortSignal,
): Promise<Pick<NonNullable<WorkerMemory['baseRun']>, 'result' | 'failure'>> {
  beginBaseRun(worker);
  try {
    return (await untilBaseRunEnds(worker, signal)) ?? {};
  } finally {
    delete worker.memory.baseRun;
  }
}

/** Called before the worker leaves: unfinished base checks are restarted by the next one. */
export async function endBaseRun(worker: Worker): Promise<void> {
  const result = await stopBaseRun(worker);
  if (result !== undefined) await recordIfTaken(worker, { type: 'checks_ran', ...result });
}

export async function stopBaseRun(worker: Worker): Promise<ChecksRan | undefined> {
  const run = worker.memory.baseRun;
  if (run === undefined) return undefined;
  delete worker.memory.baseRun;
  run.stop.abort();
  return await run.ended;
}

/** Runs once for each base commit: the result can come from an earlier session. */
async function runBase(
  worker: Worker,
  { signal, begins }: { signal: AbortSignal; begins: () => void },
): Promise<ChecksRan | undefined> {
  const { worktree, goalBase } = stateOf(worker);
  const base = judgingBase(stateOf(worker));
  if (worktree === undefined || base === undefined) return undefined;
  const { mainRepo, worktreesDir } = worker.file;
  const sandbox = await worker.guard.level();
  const proving = provingOf(worker);
  const given = { commit: base, commands: checksOf(worker), proving };
  const of = { ...given, outputDir: worker.paths.baseChecks, signal };
  const path = worker.env.PATH ?? '';
  const { env: admitted } = worker.file.settings.openings;
  const run = { mainRepo, worktreesDir, sandbox, path, admitted, ...of, waits: begins };
  return await onceForBase(run, worker, async () => {
    const set = {
      ...of,
      name: 'base',
      worktree,
      mark: baseRunMark(worker).value,
      iteration: 0,
      begins: (command: string) => command !== proving.setup && begins(),
    };
    try {
      const once = await runInClone(worker, set);
      // The first agent waits to hear of a SETUP that fails.
      const isUnrunnable = once.runs.some(({ isSetup, how }) => isSetup && how !== undefined);
      const ran = withUnsteady(isUnrunnable ? once : await repeatRed(worker, set, once));
      // The commit that a later goal begins from is the work of agents: no folder is shown to it.
      const guard = goalBase === undefined ? await worker.guard.ofProof('base') : undefined;
      const isLed = goalBase === undefined && namesInto(worker.env, worker.checkouts).length > 0;
      const of = { isLed, guard, git: worker.git.context, signal };
      const end = await withLacking(ran, of, (again) => runInClone(worker, { ...set, ...again }));
      const said = end.failures.find(({ guardProblem }) => guardProblem !== undefined)?.guardProblem;
      if (said !== undefined) throw WORKER_ERRORS.guard_failed({ of: 'CHECK', said });
      const { commit, tree } = await commitWithTree(worker, base);
      return { set: 'base', in: 'clone', commit, tree, runs: end.runs, sandbox, fresh: true };
    } finally {
      await endBaseProcesses(worker);
    }
  });
}

/** What failed here and passed when it was repeated is unsteady without any work. */
function withUnsteady({ runs, ...end }: SetEnd): SetEnd {
  return { ...end, runs: runs.map((run) => (isRedThenGreen(run) ? { ...run, unsteady: true } : run)) };
}

/** Whether `knownBase` would not wait. */
export function isBaseKnown(worker: Worker): boolean {
  const { baseRun } = worker.memory;
  const { baseChecks } = stateOf(worker);
  const end = baseRun?.result ?? baseRun?.failure;
  return end !== undefined || (baseChecks !== undefined && !isStale(baseChecks));
}

export interface KnownBase {
  base: BaseChecks | undefined;
  /** Why no check could run there: a clone or the guard failed, which no agent can change. */
  failure?: SamocodeError | undefined;
  events: NewEvent[];
}

/**
 * What is known about the base commit, once its checks have ended, however long they take.
 * @returns with the event to record
 */
export async function knownBase(worker: Worker): Promise<KnownBase> {
  const { baseChecks: base } = stateOf(worker);
  if (!isWanted(worker)) return { base, events: [] };
  showChecking(worker, 'the base commit');
  const { result, failure } = await whileTakingCommands(worker, (signal) => awaitBaseRun(worker, signal));
  if (result === undefined) return { base: undefined, failure, events: [] };
  return { base: baseChecksOf(result), events: [{ type: 'checks_ran', ...result }] };
}

/**
 * The checks must be able to run on the commit that the session began from, as far as is known. If they cannot, no agent
 * caused it.
 * @throws SamocodeError which blocks the session
 */
export async function requireRunnableBase(worker: Worker): Promise<void> {
  const failure = await collectBaseRun(worker);
  const { baseChecks } = stateOf(worker);
  const isUnrunnable = baseChecks?.result === 'unrunnable';
  const error = isUnrunnable
    ? WORKER_ERRORS.base_checks({ leftOut: await leftOutBy(worker), failed: baseChecks.failed })
    : failure;
  if (error !== undefined) throw error;
}
