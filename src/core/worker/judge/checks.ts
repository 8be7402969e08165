import { isDeepStrictEqual } from 'node:util';
import type { Explanation } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import {
  type BaseChecks,
  type ChecksRan,
  isUndecided,
  mayStayRed,
  type OtherFailure,
} from '../../kernel/phases/proving.ts';
import { unsignedCommits } from '../../project/git/unsigned-commits.ts';
import { type CheckPlace, type FailedCheck, runCheck } from '../../project/proving/run-check.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import { guardOption } from '../../sandbox/guard/make-guard.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { asOurs } from '../state/as-ours.ts';
import { environmentIn, joinEnvironment } from '../state/environment.ts';
import type { Evidence, TipOfBranch } from '../state/evidence.ts';
import { type ProvenCommit, sessionExtensions } from '../state/extension.ts';
import { endAgentTree } from '../state/processes.ts';
import { provingOf, record, stateOf, type Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';
import { knownBase } from './base-run.ts';
import { fastCommands, judgingBase, showChecking } from './check-facts.ts';
import { splitFailures } from './claims.ts';
import { keepOthers, withExcuses } from './excuses.ts';
import { type ClonedSet, runInClone } from './in-clone.ts';
import { acceptUnsteady, repeatRed } from './repeated.ts';

/** The result of a set of checks; `events` are recorded with the decision about it. */
export type Proof = { events: NewEvent[] } & (
  | { kind: 'passed' }
  | { kind: 'failed'; failures: FailedCheck[]; others?: readonly OtherFailure[] | undefined }
  /** Nothing else fails, and no person was asked about these. */
  | { kind: 'other_failures' }
  | { kind: 'uncommitted'; files: string[] }
  /** No agent can help: a command not found, a failing guard, or no clone. */
  | { kind: 'impossible'; reason: string }
  | { kind: 'base_red'; base: BaseChecks }
);

interface BranchToProve {
  tip: TipOfBranch | undefined;
  uncommitted?: readonly string[] | undefined;
  /** The session is done if nothing else prevents it. */
  isLast: boolean;
}

/** The full set of checks, on the commit of the branch. Its time counts neither as agent time nor against MAX_HOURS. */
export async function proveBranch(
  evidence: Evidence,
  iteration: number,
  { tip, uncommitted = [], isLast }: BranchToProve,
): Promise<Proof> {
  const { worker } = evidence;
  const { worktree, proved } = stateOf(worker);
  const base = judgingBase(stateOf(worker));
  if (worktree === undefined || base === undefined || tip === undefined)
    return { kind: 'passed', events: [] };
  const commands = await evidence.fullCommands();
  if (provingOf(worker).in === 'worktree')
    return await tryInWorktree(evidence, { set: 'full', iteration, commands, tip });
  if (uncommitted.length > 0) return { kind: 'uncommitted', files: [...uncommitted], events: [] };
  if (commands.length === 0) return { kind: 'passed', events: [] };
  const isProved = proved?.commit === tip.commit && isDeepStrictEqual(proved.commands, commands);
  const outputDir = iterationPaths(worker.paths, iteration).checks;
  const proof: Proof = isProved
    ? { kind: 'passed', events: [] }
    : await proveCommit(evidence, { set: 'full', tip, base, worktree, iteration, commands, outputDir });
  if (proof.kind === 'failed') return await unlessBaseIsRed(worker, proof);
  return proof.kind === 'passed' && isLast
    ? await withFacts(worker, proof, { tip, worktree, iteration })
    : proof;
}

/** Adds what extensions record of a proven commit. */
async function withFacts(
  worker: Worker,
  proof: Proof,
  { tip, ...of }: Pick<ProvenCommit, 'worktree' | 'iteration'> & { tip: TipOfBranch },
): Promise<Proof> {
  const events = [...proof.events];
  for (const { afterProof } of sessionExtensions.items) {
    if (afterProof === undefined) continue;
    const facts = await whileTakingCommands(worker, (signal) =>
      afterProof(worker, { ...of, commit: tip.commit, signal }),
    ).finally(() => endAgentTree(worker, undefined, { leftoversOnly: true }));
    events.push(...facts);
  }
  return { ...proof, events };
}

interface CommitToProve
  extends Pick<ClonedSet, 'worktree' | 'iteration' | 'commands' | 'outputDir'>,
    Pick<Attempt, 'tip' | 'set'> {
  /** Where a check that a person accepted as red must fail, too. */
  base: string;
}

export async function proveCommit(
  evidence: Evidence,
  { set, tip, base, ...of }: CommitToProve,
): Promise<Proof> {
  const { worker } = evidence;
  return await recordedSet(evidence, { set, in: 'clone', iteration: of.iteration, tip }, async (signal) => {
    const onClone: ClonedSet = {
      ...of,
      name: set,
      commit: tip.commit,
      proving: provingOf(worker),
      mark: worker.file.id,
      signal,
      begins: (command) => showChecking(worker, command),
    };
    const onBase = { set: onClone, base };
    const ran = await withExcuses(worker, onBase, await runInClone(worker, onClone));
    const end = await acceptUnsteady(evidence, onBase, await repeatRed(worker, onClone, ran));
    return await keepOthers(worker, end);
  });
}

/** A few quick checks in the worktree after an agent worked there; hints for the next agent, not proof. */
export async function tryFast(evidence: Evidence, iteration: number): Promise<Proof> {
  const { worker } = evidence;
  const tip = await evidence.tip();
  const commands = await fastCommands(evidence);
  const { worktree } = stateOf(worker);
  const isThere = worktree !== undefined && statsAt(worktree.path) !== undefined;
  if (!isThere || tip === undefined) return { kind: 'passed', events: [] };
  const proof = await tryInWorktree(evidence, { set: 'fast', iteration, commands, tip });
  if (proof.kind !== 'failed') return proof;
  // No agent has to repair what a person lets stay red.
  const { baseChecks } = stateOf(worker);
  const isForAgent = ({ command }: FailedCheck) => !mayStayRed({ command, how: '' }, baseChecks);
  return { ...proof, failures: proof.failures.filter(isForAgent) };
}

/** Runs on the agent's files, including uncommitted and ignored ones. */
async function tryInWorktree(
  evidence: Evidence,
  { tip, ...set }: Pick<WorktreeSet, 'set' | 'iteration' | 'commands'> & { tip: TipOfBranch },
): Promise<Proof> {
  const { worker } = evidence;
  if (set.commands.length === 0) return { kind: 'passed', events: [] };
  const attempt = { set: set.set, in: 'worktree', iteration: set.iteration, tip } as const;
  const begins = (command: string) => showChecking(worker, command);
  return await recordedSet(evidence, attempt, (signal) => runInWorktree(worker, { ...set, signal, begins }));
}

interface Attempt extends Pick<ChecksRan, 'set' | 'in' | 'added'> {
  iteration: number;
  tip: TipOfBranch;
}

/** Runs a set while commands are taken, ends the processes it left, and creates its event. */
export async function recordedSet(
  evidence: Evidence,
  { tip, ...head }: Attempt,
  run: (signal: AbortSignal) => Promise<SetEnd>,
): Promise<Proof> {
  const { worker } = evidence;
  await joinEnvironment(worker);
  try {
    const { runs, failures, left, onBase } = await whileTakingCommands(worker, run);
    const sandbox = await worker.guard.level();
    const unsigned = head.set === 'full' ? await unsignedOf(worker, tip.commit) : undefined;
    const events: NewEvent[] = [{ type: 'checks_ran', ...head, ...tip, runs, sandbox, unsigned, onBase }];
    if (left !== undefined) {
      const text = `Files created by the checks could not be deleted: ${left}. They belong to another user or are locked. Delete them yourself; the results of the checks are valid.`;
      events.push({ type: 'notice', code: 'clone_left', text });
    }
    const { ofProject } = await splitFailures(evidence, failures);
    const reason = impossibleReason(failures, ofProject);
    if (reason !== undefined) return { kind: 'impossible', reason, events };
    return failures.length === 0
      ? { kind: 'passed', events }
      : { kind: 'failed', failures, others: onBase?.others, events };
  } catch (error) {
    if (!WORKER_ERRORS.clone_failed.is(error)) throw error;
    return { kind: 'impossible', reason: asReason(error), events: [] };
  } finally {
    await worker.services?.end();
    // A check may have started servers, which must not outlive the iteration.
    await endAgentTree(worker, undefined, { leftoversOnly: true });
  }
}

/** Undefined if there is nothing to report. */
async function unsignedOf(worker: Worker, tip: string): Promise<number | undefined> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return undefined;
  const of = { mainRepo: worker.file.mainRepo, since: worktree.baseCommit, tip };
  return (await unsignedCommits(of, worker.git.context).catch(() => 0)) || undefined;
}

/** An agent can still write the script that a requirement names; the project's commands exist from the start. */
function impossibleReason(
  failures: readonly FailedCheck[],
  ofProject: readonly FailedCheck[],
): string | undefined {
  for (const failure of failures) {
    const { command: check, missing: program, guardProblem: said } = failure;
    if (program !== undefined && ofProject.includes(failure))
      return asReason(WORKER_ERRORS.checks.explain({ program, check }));
    if (said !== undefined) return asReason(WORKER_ERRORS.guard_failed.explain({ of: 'CHECK', said }));
  }
  return undefined;
}

/** Reworded, since an agent has run: the original message says that none was started. */
export function asReason({ why, hint }: Explanation): string {
  return `${why} ${hint}`;
}

/** A check that cannot run on the base, or fails there without a decision about that, is not the agent's failure. */
async function unlessBaseIsRed(worker: Worker, proof: Extract<Proof, { kind: 'failed' }>): Promise<Proof> {
  const { base, failure, events: found } = await knownBase(worker);
  const events = [...proof.events, ...found];
  if (failure !== undefined) return { kind: 'impossible', reason: asReason(failure), events };
  const { others = [] } = proof;
  if (others.length > 0 && others.length === proof.failures.length) return { kind: 'other_failures', events };
  if (base?.result === 'unrunnable' || isUndecided(base)) return { kind: 'base_red', base, events };
  return { ...proof, events };
}

interface WorktreeSet {
  set: 'fast' | 'full';
  iteration: number;
  commands: readonly string[];
  signal: AbortSignal;
  begins: CheckPlace['begins'];
}

/** Runs commands in the agent's worktree one by one; stops if one of them removes it. */
async function runInWorktree(
  worker: Worker,
  { set, iteration, commands, signal, begins }: WorktreeSet,
): Promise<SetEnd> {
  const cwd = stateOf(worker).worktree?.path ?? worker.file.mainRepo;
  const env = await environmentIn(worker, cwd, { iteration });
  const place = {
    cwd,
    env,
    ...guardOption(await worker.guard.inWorktree()),
    outputDir: iterationPaths(worker.paths, iteration).checks,
    outputRoot: worker.paths.runDir,
    timeoutMs: provingOf(worker).timeoutMs,
    signal,
    begins,
  };
  const end: SetEnd = { runs: [], failures: [] };
  const when = set === 'full' ? 'proof' : stateOf(worker).progress.phase;
  for (const { run, failure } of (await worker.services?.start(when, { signal })) ?? []) {
    end.runs.push(run);
    if (failure !== undefined) end.failures.push(failure);
  }
  if (end.failures.length > 0) return end;
  const runAll = async () => {
    for (const [at, command] of commands.entries()) {
      const { run, failure } = await runCheck(worker.clock, { command, name: `${set}-${at + 1}` }, place);
      const isGone = statsAt(cwd) === undefined;
      const how = isGone ? 'it removed the worktree' : run.how;
      end.runs.push({ ...run, how });
      if (failure !== undefined || isGone)
        end.failures.push({ outputPath: '', lastLines: '', ...failure, command, how: how ?? '' });
      if (isGone) break;
    }
  };
  await asOurs(worker, [set === 'fast' ? 'CHECK_FAST' : 'CHECK'], runAll, (notices) =>
    record(worker, ...notices),
  );
  return end;
}
