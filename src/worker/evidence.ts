import { join } from 'node:path';
import type { Outcome } from '../phases/outcome.ts';
import type { PlanVersion, RecordedAnswer } from '../session/event-types.ts';
import { currentPlanOf, planHash, readPlan } from '../session/plan.ts';
import { planChanges } from '../session/plan-changes.ts';
import { readQa } from '../session/qa.ts';
import { questionHash } from '../session/qa-answer.ts';
import type { QaQuestion } from '../session/qa-question.ts';
import { documentNames, hashOf, readDocument } from './documents.ts';
import { stateOf, type Worker } from './worker.ts';

/** The questions of the current goal, held against the human answers on record. */
export interface QuestionEvidence {
  questions: QaQuestion[];
  /** Ids without a recorded answer to the question as it now stands. */
  open: string[];
  /** Answers that stand in the file and that no person is on record for. */
  unconfirmed: RecordedAnswer[];
  /** Questions whose recorded answer was changed in the file. */
  altered: string[];
  /** Hash of the whole file; undefined when there is none. */
  fileHash: string | undefined;
}

export async function readQuestions(worker: Worker): Promise<QuestionEvidence> {
  const text = await readDocument(worker.paths.qa);
  const { oldRounds, answers } = stateOf(worker);
  const all = text === undefined ? [] : readQa(text).questions;
  const questions = all.filter((question) => question.round > oldRounds);
  const recorded = new Map(answers.map((answer) => [`${answer.id} ${answer.question}`, answer.text]));
  const evidence: QuestionEvidence = {
    questions,
    open: [],
    unconfirmed: [],
    altered: [],
    fileHash: hashOf(text),
  };
  for (const question of questions) {
    const hash = questionHash(question);
    const given = recorded.get(`${question.id} ${hash}`);
    if (given === undefined) {
      evidence.open.push(question.id);
      if (question.answer !== undefined) {
        evidence.unconfirmed.push({ id: question.id, question: hash, text: question.answer });
      }
    } else if (question.answer !== given) {
      evidence.altered.push(question.id);
    }
  }
  return evidence;
}

export interface PlanEvidence {
  /** The approved plan, else the newest one of this goal. */
  version: PlanVersion | undefined;
  text: string | undefined;
  outcome: Outcome['plan'];
}

export async function readPlanEvidence(worker: Worker): Promise<PlanEvidence> {
  const { approvedPlan, oldPlans } = stateOf(worker);
  const names = documentNames(worker);
  const name = approvedPlan?.name ?? currentPlanOf(names, worker.paths.folder, oldPlans);
  const text = name === undefined ? undefined : await readDocument(join(worker.paths.sessionDir, name));
  if (name === undefined || text === undefined) {
    const changedSinceApproval = approvedPlan !== undefined;
    return {
      version: undefined,
      text,
      outcome: { exists: false, approved: false, changedSinceApproval, untestable: false },
    };
  }
  const hash = planHash(text);
  // Notes stand outside of the hash, but they may only grow.
  const approved = approvedPlan?.hash === hash && !(await notesShrank(worker, text));
  const changedSinceApproval = approvedPlan !== undefined && !approved;
  const untestable = approved && !readPlan(text).testable;
  return {
    version: { name, hash },
    text,
    outcome: { exists: true, approved, changedSinceApproval, untestable },
  };
}

async function notesShrank(worker: Worker, text: string): Promise<boolean> {
  const approved = await readDocument(worker.paths.approvedPlan);
  return approved !== undefined && planChanges(approved, text).notesShrank;
}
