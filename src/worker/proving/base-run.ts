import type { BaseChecks, ChecksRan } from '../../phases/proving.ts';
import { blockedBy } from '../core/blocked.ts';
import {
  checksOf,
  provingOf,
  record,
  recordIfTaken,
  stateOf,
  type Worker,
  type WorkerMemory,
} from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { commitWithTree } from './check-facts.ts';
import { type ClonedSet, runInClone } from './run-in-clone.ts';
import { baseRunMark, endBaseProcesses } from './scratch.ts';

function isWanted(worker: Worker): boolean {
  const { worktree, baseChecks } = stateOf(worker);
  const isInClone = provingOf(worker).in === 'clone';
  return isInClone && worktree !== undefined && baseChecks === undefined && checksOf(worker).length > 0;
}

/** Starts the base checks in the background, unless they are running or their result is known. */
export function beginBaseRun(worker: Worker): void {
  if (!isWanted(worker) || worker.memory.baseRun) return;
  const stop = new AbortController();
  const run: NonNullable<WorkerMemory['baseRun']> = { stop, ended: Promise.resolve(undefined) };
  run.ended = runBase(worker, stop.signal)
    // The same failure occurs, and is reported, when the checks of the branch run.
    .catch(() => undefined)
    .then((result) => {
      run.result = result;
      return result;
    });
  worker.memory.baseRun = run;
}

/** Records the result of finished base checks. Called while no other event is being written. */
async function collectBaseRun(worker: Worker): Promise<void> {
  const run = worker.memory.baseRun;
  if (run?.result === undefined) return;
  await record(worker, { type: 'checks_ran', ...run.result });
  delete worker.memory.baseRun;
}

/** Waits for the base checks, however long they take. @returns their result, to be recorded by the caller */
export async function awaitBaseRun(worker: Worker, signal: AbortSignal): Promise<ChecksRan | undefined> {
  beginBaseRun(worker);
  const run = worker.memory.baseRun;
  if (run === undefined) return undefined;
  const abort = () => run.stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const result = await run.ended;
  signal.removeEventListener('abort', abort);
  delete worker.memory.baseRun;
  signal.throwIfAborted();
  return result;
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

async function runBase(worker: Worker, signal: AbortSignal): Promise<ChecksRan | undefined> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return undefined;
  const proving = provingOf(worker);
  const set: ClonedSet = {
    name: 'base',
    commit: worktree.baseCommit,
    worktree,
    commands: checksOf(worker),
    proving,
    mark: baseRunMark(worker).value,
    iteration: 0,
    outputDir: worker.paths.baseChecks,
    signal,
  };
  try {
    const end = await runInClone(worker, set);
    // Reported when the checks of the branch run; the base remains unchecked.
    if (end.failures.some(({ guardProblem }) => guardProblem !== undefined)) return undefined;
    const { commit, tree } = await commitWithTree(worker, worktree.baseCommit);
    const sandbox = await worker.guard.level(worker);
    return { set: 'base', in: 'clone', commit, tree, runs: end.runs, sandbox };
  } finally {
    await endBaseProcesses(worker);
  }
}

/**
 * Whether the checks pass on the commit that the session started from, as far as known. If they fail there, no agent
 * caused it, and the session waits for a person.
 */
export async function baseChecksPass(worker: Worker): Promise<boolean> {
  await collectBaseRun(worker);
  const { baseChecks, progress } = stateOf(worker);
  if (baseChecks?.result === 'red') {
    await record(worker, blockedBy(baseRed(baseChecks), progress.phase));
    return false;
  }
  return true;
}

export function baseRed({ failed }: Pick<BaseChecks, 'failed'>) {
  return WORKER_ERRORS.base_checks({ failed });
}
