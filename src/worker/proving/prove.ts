import type { Explanation } from '../../base/errors.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { type ChecksRan, failedRuns } from '../../phases/proving.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { endChildTree } from '../core/tree.ts';
import { checksOf, provingOf, stateOf, type Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { awaitBaseRun } from './base-run.ts';
import { baseRed } from './base-stands.ts';
import { fastCommands, type TipOfBranch, tipOfBranch, uncommittedFiles } from './check-facts.ts';
import { type FailedCheck, runCheck } from './check-set.ts';
import { type ClonedSet, runInClone, type SetEnd } from './run-in-clone.ts';

/** What became of a set of checks; `events` are recorded with what is decided of it. */
export type Proof = { events: NewEvent[] } & (
  | { kind: 'passed' }
  | { kind: 'failed'; failures: FailedCheck[] }
  | { kind: 'uncommitted'; files: string[] }
  /** No agent can help: a command that the shell does not find, a guard that fails, no clone. */
  | { kind: 'impossible'; reason: string }
  /** They fail on the base commit too. */
  | { kind: 'base_red'; reason: string }
  | { kind: 'stopped' }
);

/**
 * The full set: what the branch holds is what counts. Its time is the project's: it counts neither for the agent nor
 * against MAX_HOURS.
 */
export async function proveBranch(worker: Worker, iteration: number): Promise<Proof> {
  const { worktree, proved } = stateOf(worker);
  const commands = checksOf(worker);
  if (worktree === undefined) return { kind: 'passed', events: [] };
  if (provingOf(worker).in === 'worktree') return await proveWorktree(worker, iteration);
  const files = statsAt(worktree.path) === undefined ? [] : await uncommittedFiles(worker);
  if (files.length > 0) return { kind: 'uncommitted', files, events: [] };
  if (commands.length === 0) return { kind: 'passed', events: [] };
  const tip = await tipOfBranch(worker);
  const isProved = proved?.commit === tip.commit && String(proved.commands) === String(commands);
  if (isProved) return { kind: 'passed', events: [] };
  const outputDir = iterationPaths(worker.paths, iteration).checks;
  const proof = await proveCommit(worker, { set: 'full', tip, worktree, iteration, outputDir });
  return proof.kind === 'failed' ? await unlessBaseIsRed(worker, proof) : proof;
}

/** Runs all checks on a commit in a fresh clone. */
export async function proveCommit(
  worker: Worker,
  { set, tip, ...of }: Pick<ClonedSet, 'worktree' | 'iteration' | 'outputDir'> & Pick<Attempt, 'tip' | 'set'>,
): Promise<Proof> {
  return await recorded(worker, { set, in: 'clone', iteration: of.iteration, tip }, (signal) =>
    runInClone(worker, {
      ...of,
      name: set,
      commit: tip.commit,
      commands: checksOf(worker),
      proving: provingOf(worker),
      mark: worker.file.id,
      signal,
      begins: (command) => showChecking(worker, command),
    }),
  );
}

/** As it was before there were clones: uncommitted and ignored files take part. */
async function proveWorktree(worker: Worker, iteration: number): Promise<Proof> {
  const commands = checksOf(worker);
  if (commands.length === 0) return { kind: 'passed', events: [] };
  return await runInWorktree(worker, { set: 'full', iteration, commands });
}

/** A few quick checks in the worktree after an agent has worked there: hints for the next one, which prove nothing. */
export async function tryFast(worker: Worker, iteration: number): Promise<Proof> {
  const commands = await fastCommands(worker);
  const { worktree } = stateOf(worker);
  if (commands.length === 0 || worktree === undefined || statsAt(worktree.path) === undefined)
    return { kind: 'passed', events: [] };
  return await runInWorktree(worker, { set: 'fast', iteration, commands });
}

async function runInWorktree(
  worker: Worker,
  { set, iteration, commands }: { set: 'fast' | 'full'; iteration: number; commands: readonly string[] },
): Promise<Proof> {
  const cwd = stateOf(worker).worktree?.path ?? worker.file.mainRepo;
  const tip = await tipOfBranch(worker);
  return await recorded(worker, { set, in: 'worktree', iteration, tip }, async (signal) => {
    const end: SetEnd = { runs: [], failures: [] };
    const place = {
      cwd,
      env: childEnvironment(worker.env, { sessionUlid: worker.file.id, iteration }),
      guard: await worker.guard.guard(worker),
      outputDir: iterationPaths(worker.paths, iteration).checks,
      timeoutMs: provingOf(worker).timeoutMs,
      signal,
      begins: (command: string) => showChecking(worker, command),
    };
    for (const [at, command] of commands.entries()) {
      const { run, failure } = await runCheck(worker, { command, name: `${set}-${at + 1}` }, place);
      const isGone = statsAt(cwd) === undefined;
      const how = isGone ? 'it removed the worktree' : run.how;
      end.runs.push({ ...run, how });
      if (failure !== undefined || isGone)
        end.failures.push({ outputPath: '', lastLines: '', ...failure, command, how: how ?? '' });
      if (isGone) break;
    }
    return end;
  });
}

interface Attempt extends Pick<ChecksRan, 'set' | 'in'> {
  iteration: number;
  tip: TipOfBranch;
}

/** Runs a set while commands are taken, ends what it has left, and makes the event of it. */
async function recorded(
  worker: Worker,
  { tip, ...head }: Attempt,
  run: (signal: AbortSignal) => Promise<SetEnd>,
): Promise<Proof> {
  await joinEnvironment(worker);
  try {
    const end = await whileTakingCommands(worker, run);
    if (end.kind === 'stopped') return { kind: 'stopped', events: [] };
    const { runs, failures } = end.value;
    const sandbox = await worker.guard.level(worker);
    const events: NewEvent[] = [{ type: 'checks_ran', ...head, ...tip, runs, sandbox }];
    const reason = impossibleReason(failures);
    if (reason !== undefined) return { kind: 'impossible', reason, events };
    return failures.length === 0 ? { kind: 'passed', events } : { kind: 'failed', failures, events };
  } catch (error) {
    if (!WORKER_ERRORS.clone_failed.is(error)) throw error;
    return { kind: 'impossible', reason: asReason(error), events: [] };
  } finally {
    // A check may have started servers; nothing of it may outlive the iteration.
    await endChildTree(worker, undefined, { leftoversOnly: true });
  }
}

function impossibleReason(failures: readonly FailedCheck[]): string | undefined {
  for (const { command: check, missing: program, guardProblem: said } of failures) {
    if (program !== undefined) return asReason(WORKER_ERRORS.checks.explain({ program, check }));
    if (said !== undefined) return asReason(WORKER_ERRORS.guard_failed.explain({ of: 'CHECK', said }));
  }
  return undefined;
}

/** An agent has worked by then: what happened is not that none was started. */
function asReason({ why, hint }: Explanation): string {
  return `${why} ${hint}`;
}

/** What fails on the base too, and no person has said that it may, is no agent's failure. */
async function unlessBaseIsRed(worker: Worker, proof: Proof): Promise<Proof> {
  let { baseChecks } = stateOf(worker);
  const { events } = proof;
  if (baseChecks === undefined) {
    const end = await whileTakingCommands(worker, (signal) => awaitBaseRun(worker, signal));
    if (end.kind === 'stopped') return { kind: 'stopped', events: [] };
    if (end.value === undefined) return proof;
    events.push({ type: 'checks_ran', ...end.value });
    const failed = failedRuns(end.value);
    baseChecks = { result: failed.length === 0 ? 'green' : 'red', failed, fix: end.value.fix ?? [] };
  }
  if (baseChecks.result !== 'red') return proof;
  const { why, hint } = baseRed(baseChecks);
  return { kind: 'base_red', reason: `${why} ${hint}`, events };
}

// A status bar may miss it.
function showChecking(worker: Worker, command: string): void {
  try {
    worker.projector.writeNow(stateOf(worker), `checking: ${command}`);
  } catch {
    // It is shown with the next change.
  }
}
