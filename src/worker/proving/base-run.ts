import { type BaseChecks, baseChecksOf, type ChecksRan } from '../../phases/proving.ts';
import { onceForBase } from '../../project/proving/base-results.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
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
import { commitWithTree, showChecking } from './check-facts.ts';
import { runInClone } from './run-in-clone.ts';
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
async function awaitBaseRun(worker: Worker, signal: AbortSignal): Promise<ChecksRan | undefined> {
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

/** Runs once for each base commit: the result can come from an earlier session. */
async function runBase(worker: Worker, signal: AbortSignal): Promise<ChecksRan | undefined> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return undefined;
  const { mainRepo, worktreesDir } = worker.file;
  const sandbox = await worker.guard.level(worker);
  const given = { commit: worktree.baseCommit, commands: checksOf(worker), proving: provingOf(worker) };
  const of = { ...given, outputDir: worker.paths.baseChecks, signal };
  const path = worker.env.PATH ?? '';
  return await onceForBase({ mainRepo, worktreesDir, sandbox, path, ...of }, worker, async () => {
    const set = { ...of, name: 'base', worktree, mark: baseRunMark(worker).value, iteration: 0 };
    try {
      const end = await runInClone(worker, set);
      // A guard problem is reported when the checks of the branch run; nothing is known about the base.
      if (end.failures.some(({ guardProblem }) => guardProblem !== undefined)) return undefined;
      const { commit, tree } = await commitWithTree(worker, worktree.baseCommit);
      return { set: 'base', in: 'clone', commit, tree, runs: end.runs, sandbox };
    } finally {
      await endBaseProcesses(worker);
    }
  });
}

/**
 * What is known about the base commit, once its checks have ended, however long they take.
 * @returns with the event to record; undefined when the wait was stopped
 */
export async function knownBase(
  worker: Worker,
): Promise<{ base: BaseChecks | undefined; events: NewEvent[] } | undefined> {
  const { baseChecks: base } = stateOf(worker);
  if (base !== undefined || !isWanted(worker)) return { base, events: [] };
  showChecking(worker, 'the base commit');
  const end = await whileTakingCommands(worker, (signal) => awaitBaseRun(worker, signal));
  if (end.kind === 'stopped') return undefined;
  if (end.value === undefined) return { base: undefined, events: [] };
  return { base: baseChecksOf(end.value), events: [{ type: 'checks_ran', ...end.value }] };
}

/**
 * Whether the checks can run on the commit that the session began from, as far as is known. If not, no agent caused
 * it, and the session blocks.
 */
export async function baseChecksRun(worker: Worker): Promise<boolean> {
  await collectBaseRun(worker);
  const { baseChecks, progress } = stateOf(worker);
  if (baseChecks?.result === 'unrunnable') {
    await record(worker, blockedBy(WORKER_ERRORS.base_checks({ failed: baseChecks.failed }), progress.phase));
    return false;
  }
  return true;
}
