import { gitLine, runGit } from '../../project/git/git.ts';
import { parseStatus } from '../../project/git/status-entries.ts';
import type { FailedCheck } from '../../project/proving/run-check.ts';
import { asFoundAt, withoutFound } from '../../project/worktrees/as-found.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import type { SessionState } from '../../session/events/state.ts';
import { readPlanEvidence } from '../core/evidence.ts';
import { leftOutBy } from '../core/left-out.ts';
import { provingOf, stateOf, type Worker } from '../core/worker.ts';

/** The commands of the fast set: the project's, and those of finished phases of the approved plan. */
export async function fastCommands(worker: Worker): Promise<string[]> {
  const { text, outcome } = await readPlanEvidence(worker);
  const phases = text !== undefined && outcome.approved ? parsePlan(text).phases : [];
  const ofPlan = phases.flatMap(({ completed, command }) => (completed && command ? [command] : []));
  return [...new Set([...provingOf(worker).fast, ...ofPlan])];
}

export interface TipOfBranch {
  commit: string;
  tree: string;
}

/** The tip of the session's branch: the commit to prove, whatever is checked out in the worktree. */
export async function tipOfBranch(worker: Worker): Promise<TipOfBranch> {
  const { worktree } = stateOf(worker);
  return await commitWithTree(worker, worktree === undefined ? 'HEAD' : `refs/heads/${worktree.branch}`);
}

export async function commitWithTree(worker: Worker, name: string): Promise<TipOfBranch> {
  const options = { ...worker.git.context, cwd: worker.file.mainRepo };
  const parse = ['rev-parse', `${name}^{commit}`, `${name}^{tree}`];
  const [commit = '', tree = ''] = (await gitLine(parse, options)).split('\n');
  return { commit, tree };
}

/** The base of the current goal's work: commits of earlier goals do not prove it. */
export function baseOfWork({
  goalBase,
  worktree,
}: Pick<SessionState, 'goalBase' | 'worktree'>): string | undefined {
  return worktree && (goalBase ?? worktree.baseCommit);
}

/** Files of the worktree that differ from the commit, except ignored ones and what is as it was before any agent. */
export async function uncommittedFiles(worker: Worker): Promise<string[]> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return [];
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=all'];
  const { context } = worker.git;
  const { stdout } = await runGit(args, { ...context, cwd: worktree.path });
  const found = await asFoundAt(worktree.path);
  const { entries } = parseStatus(stdout);
  return (await withoutFound(worktree.path, entries, { found, context })).map(({ path }) => path);
}

/** A failed check as a note: our own line, then the last lines of its output as a quotation. */
export function failureNote({ command, how, outputPath, lastLines }: FailedCheck): string {
  const head = `\`${command}\` failed (${how}). Its full output: ${outputPath}`;
  return lastLines === '' ? head : `${head}\n${lastLines}`;
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
