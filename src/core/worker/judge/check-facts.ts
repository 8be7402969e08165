import { statsAt } from '../../kernel/files/path-stats.ts';
import { type GitOptions, gitLine } from '../../project/git/git.ts';
import { checkedOutBranch } from '../../project/git/repository.ts';
import { BranchFacts } from '../../project/proving/branch-facts.ts';
import type { FailedCheck } from '../../project/proving/run-check.ts';
import { type Square, squareOf } from '../../project/proving/square.ts';
import { readWork } from '../../project/worktrees/as-found.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import type { SessionState } from '../../session/events/state.ts';
import { leftOutBy } from '../state/environment.ts';
import type { Evidence, TipOfBranch } from '../state/evidence.ts';
import { checksOf, provingOf, stateOf, type Worker } from '../state/worker.ts';

/** The commands of the fast set: the project's, and those of finished phases of the approved plan. */
export async function fastCommands(evidence: Evidence): Promise<string[]> {
  const { text, outcome } = await evidence.plan();
  const phases = text !== undefined && outcome.approved ? parsePlan(text).phases : [];
  const ofPlan = phases.flatMap(({ completed, command }) => (completed && command ? [command] : []));
  return [...new Set([...provingOf(evidence.worker).fast, ...ofPlan])];
}

/** The tip of the session's branch: the commit to prove, whatever is checked out in the worktree. */
export async function tipOfBranch(worker: Worker): Promise<TipOfBranch> {
  const { worktree } = stateOf(worker);
  return await commitWithTree(worker, worktree === undefined ? 'HEAD' : `refs/heads/${worktree.branch}`);
}

export async function commitWithTree(worker: Worker, name: string): Promise<TipOfBranch> {
  const parse = ['rev-parse', `${name}^{commit}`, `${name}^{tree}`];
  const [commit = '', tree = ''] = (await gitLine(parse, mainGit(worker))).split('\n');
  return { commit, tree };
}

/** Options for git in MAIN_REPO. */
export function mainGit({ git, file }: Pick<Worker, 'git' | 'file'>): GitOptions {
  return { ...git.context, cwd: file.mainRepo };
}

/**
 * The work for the current goal up to a commit; undefined without a base to compare with.
 * @param base by default, the base of that work
 */
export function branchFacts(
  worker: Worker,
  tip: string,
  base = baseOfWork(stateOf(worker)),
): BranchFacts | undefined {
  const { memory } = worker;
  if (base === undefined) return undefined;
  const known = memory.branchFacts;
  const facts = known?.base === base && known.tip === tip ? known : new BranchFacts(base, tip);
  memory.branchFacts = facts;
  return facts;
}

/** The base of the current goal's work: neither commits of earlier goals nor the files of a chat prove it. */
export function baseOfWork({
  goalBase,
  worktree,
}: Pick<SessionState, 'goalBase' | 'worktree'>): string | undefined {
  return worktree && (goalBase ?? worktree.firstCommit ?? worktree.baseCommit);
}

/** The commit that excuses a red check, and with which tests are compared: never work of agents that nobody has merged. */
export function judgingBase({
  goalBase,
  worktree,
}: Pick<SessionState, 'goalBase' | 'worktree'>): string | undefined {
  return goalBase ?? worktree?.judgedFrom ?? worktree?.baseCommit;
}

/** What the work differs in from its base; undefined without a branch. @throws GitError */
export async function squareOfWork(
  worker: Worker,
  tip: TipOfBranch | undefined,
): Promise<Square | undefined> {
  const { setup } = provingOf(worker);
  const own = checksOf(worker);
  const base = judgingBase(stateOf(worker));
  if (base === undefined || tip === undefined) return undefined;
  const commands = setup === undefined ? own : [...own, setup];
  return await squareOf({ base, tip: tip.commit }, commands, mainGit(worker));
}

export interface WorktreeNow {
  /** Undefined if HEAD is detached. */
  branch: string | undefined;
  /** Files that differ from the commit, except ignored ones and what is as it was before any agent. */
  uncommitted: string[];
}

/** Undefined if the worktree is gone. With CHECK_IN=worktree, its files count as they are. */
export async function worktreeNow(worker: Worker): Promise<WorktreeNow | undefined> {
  const path = stateOf(worker).worktree?.path;
  if (path === undefined || statsAt(path) === undefined) return undefined;
  const { context } = worker.git;
  if (provingOf(worker).in === 'worktree')
    return { branch: await checkedOutBranch(path, context), uncommitted: [] };
  const { branch, work } = await readWork(path, context);
  return { branch, uncommitted: work.map((entry) => entry.path) };
}

/** A failed check as a note: our own line, then the last lines of its output as a quotation. */
export function failureNote({ command, how, passed, ...red }: FailedCheck): string {
  const said = ({ outputPath, lastLines }: NonNullable<FailedCheck['passed']>) =>
    lastLines === '' ? outputPath : `${outputPath}\n${lastLines}`;
  const head = `\`${command}\` failed (${how}). Its full output: ${said(red)}`;
  return passed === undefined ? head : `${head}\nIts full output when it passed: ${said(passed)}`;
}

/** Notes about failed checks, after the variables that they did not get. */
export async function failureNotes(worker: Worker, failures: readonly FailedCheck[]): Promise<string[]> {
  const leftOut = await leftOutBy(worker);
  return [...(leftOut === '' ? [] : [leftOut]), ...failures.map(failureNote)];
}

/** Shows in status bars what is being checked. */
export function showChecking(worker: Worker, what: string): void {
  try {
    worker.projector.writeNow(stateOf(worker), `checking: ${what}`);
  } catch {
    // A status bar can miss it until the next change.
  }
}
