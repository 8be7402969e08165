import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { once } from '../../kernel/once.ts';
import type { Outcome } from '../../kernel/phases/outcome.ts';
import { isReviewed } from '../../kernel/phases/progress.ts';
import { cut } from '../../kernel/text.ts';
import { objectsOf } from '../../project/git/repository.ts';
import { documentText } from '../../session/documents/documents.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { planChanges, planHash } from '../../session/documents/plan.ts';
import { planOnDisk } from '../../session/documents/plan-on-disk.ts';
import { type OpenQuestions, openQuestions } from '../../session/documents/qa.ts';
import { parseLedger, REVIEWED, type Requirement, TASK_ID } from '../../session/documents/requirements.ts';
import type { PlanVersion } from '../../session/events/bodies/positions.ts';
import { checksOf, stateOf, type Worker } from './worker.ts';

export interface QuestionEvidence extends OpenQuestions {
  fileHash: string | undefined;
}

export async function readQuestions(worker: Worker): Promise<QuestionEvidence> {
  const text = await documentText(worker.paths.qa);
  return {
    ...openQuestions(text, stateOf(worker)),
    fileHash: text === undefined ? undefined : fingerprint(text),
  };
}

export interface PlanEvidence {
  /** The approved plan, otherwise the newest one of the current goal. */
  version: PlanVersion | undefined;
  /** Includes the requirements that the approval covers. */
  text: string | undefined;
  requirements: Requirement[];
  outcome: Outcome['plan'];
}

export async function readPlanEvidence(worker: Worker): Promise<PlanEvidence> {
  const state = stateOf(worker);
  const { approvedPlan } = state;
  const { name, text, ledger, isSame, outcome } = await planOnDisk(
    { ...state, sessionDir: worker.paths.sessionDir },
    (current) => notesShrank(worker, current),
  );
  if (name === undefined || text === undefined)
    return { version: undefined, text, requirements: taskToReview(worker), outcome };
  // Of an approved plan the approval's own hash, even if the rules for hashes are others now.
  const hash = isSame && approvedPlan !== undefined ? approvedPlan.hash : planHash(text);
  const requirements = outcome.approved ? requirementsIn(ledger) : taskToReview(worker);
  return { version: { name, hash }, text, requirements, outcome };
}

function requirementsIn(ledger: string | undefined): Requirement[] {
  const reading = ledger === undefined ? undefined : parseLedger(ledger);
  return reading?.kind === 'ledger' ? reading.requirements : [];
}

/** The only requirement of quick work that is reviewed: a ledger would be its agent's claim. */
function taskToReview(worker: Worker): Requirement[] {
  const { progress, goal } = stateOf(worker);
  if (progress.way !== 'quick' || !isReviewed(progress)) return [];
  const text = cut(oneLine(goal ?? worker.file.task ?? 'What the chat has decided'), MAX_REQUIREMENT_TEXT);
  return [{ id: TASK_ID, text, check: REVIEWED }];
}

const MAX_REQUIREMENT_TEXT = 300;

/** What one judgement rests on: each part is read when it is first needed, and then stays as it was. */
export class Evidence {
  readonly worker: Worker;
  readonly plan: () => Promise<PlanEvidence>;
  readonly questions: () => Promise<QuestionEvidence>;
  readonly tip: () => Promise<TipOfBranch | undefined>;

  constructor(worker: Worker) {
    this.worker = worker;
    this.plan = once(() => readPlanEvidence(worker));
    this.questions = once(() => readQuestions(worker));
    this.tip = once(() => branchTip(worker));
  }

  /** The commands of the full set: the project's, then those of the requirements. */
  async fullCommands(): Promise<string[]> {
    const ofLedger = (await this.plan()).requirements.map(({ check }) => check);
    return [...new Set([...checksOf(this.worker), ...ofLedger.filter((check) => check !== REVIEWED)])];
  }

  /** Those that can show the work: one that a person left red, or that fails at times without it, shows nothing. */
  async showingCommands(): Promise<string[]> {
    const { baseChecks } = stateOf(this.worker);
    const leftRed = baseChecks?.choice === 'leave' ? baseChecks.failed.map(({ command }) => command) : [];
    const not = [...leftRed, ...(baseChecks?.unsteady ?? [])];
    return (await this.fullCommands()).filter((command) => !not.includes(command));
  }

  async hasCommands(): Promise<boolean> {
    return (await this.showingCommands()).length > 0;
  }
}

async function notesShrank(worker: Worker, text: string): Promise<boolean> {
  const approved = await documentText(worker.paths.approvedPlan);
  return approved !== undefined && planChanges(approved, text).notesShrank;
}

export interface TipOfBranch {
  commit: string;
  tree: string;
}

/** The end of the session's branch; undefined without a branch, or if the branch was deleted. */
export async function branchTip(worker: Worker): Promise<TipOfBranch | undefined> {
  const { worktree } = stateOf(worker);
  const ref = `refs/heads/${worktree?.branch ?? worker.file.settings.branch}`;
  const options = { ...worker.git.context, cwd: worker.file.mainRepo };
  const [commit, tree] = await objectsOf([`${ref}^{commit}`, `${ref}^{tree}`], options);
  return commit && tree ? { commit, tree } : undefined;
}
