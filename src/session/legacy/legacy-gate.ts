import { followsPlan, type Phase, WAITING_FOR, type WaitingFor } from '../../phases/table.ts';
import { readHistory } from '../documents/history.ts';
import { readOverview } from '../documents/overview.ts';
import { currentPlanOf } from '../documents/plan.ts';
import type { QaQuestion } from '../documents/qa-question.ts';
import { parseSignal } from '../documents/signal.ts';
import { type InferredPhase, inferPhase, type LegacyTexts } from './legacy.ts';

/** The decision of a person that a folder without machine state needs before an agent may run in it. */
export interface LegacyGate {
  for: 'qa_answers' | 'plan_approval';
  /** The phase that follows the decision. */
  resumePhase: Phase;
  /** The folder says that it waits for this; otherwise it only stands behind the gate. */
  wasAsked: boolean;
}

export type LegacyPlace = Exclude<InferredPhase, { question: string }> & {
  gate?: LegacyGate;
  /** The original tool has ended it. */
  isDone: boolean;
};

export interface LegacyFacts extends LegacyTexts {
  questions: readonly QaQuestion[];
}

/**
 * Finds the phase of a folder without machine state, and its gate: nothing in the folder proves that a person
 * gave the answers or approved the plan, because an agent could have written all of it. Pure.
 * @param folder the name of the session folder
 * @param chosen the phase that its start names: then what the folder waited for before counts no more
 */
export function placeOf(
  facts: LegacyFacts,
  folder: string,
  chosen?: Phase,
): LegacyPlace | { question: string } {
  if (chosen !== undefined) {
    const gate = gateAt(chosen, facts, undefined);
    return { phase: chosen, why: 'Its start names it.', isDone: false, ...(gate && { gate }) };
  }
  const inferred = inferPhase(facts);
  // What init does, the worker does when it takes the folder over.
  const isBegun = 'question' in inferred ? facts.overview !== undefined : inferred.phase !== 'init';
  if (!isBegun) return { phase: 'investigation', why: 'It was stopped in init.', isDone: false };
  if ('question' in inferred) return inferred;
  const { phase } = inferred;
  const isDone = phase === 'done' && wasEnded(facts);
  const gate = isDone ? undefined : gateAt(phase, facts, askedFor(phase, facts, folder));
  return { ...inferred, isDone, ...(gate && { gate }) };
}

function gateAt(
  phase: Phase,
  { questions }: LegacyFacts,
  asked: WaitingFor | undefined,
): LegacyGate | undefined {
  const answers = { for: 'qa_answers', resumePhase: phase } as const;
  if (followsPlan(phase)) {
    // An approval stands for the answers too, but not for a question that was asked since.
    const isUnanswered = questions.some(({ answer }) => answer === undefined);
    if (asked === 'qa_answers' && isUnanswered) return { ...answers, wasAsked: true };
    return { for: 'plan_approval', resumePhase: phase, wasAsked: asked === 'plan_approval' };
  }
  if (phase === 'planning') {
    if (asked === 'plan_approval')
      return { for: 'plan_approval', resumePhase: 'implementation', wasAsked: true };
    return { ...answers, wasAsked: asked === 'qa_answers' && questions.length > 0 };
  }
  return phase === 'requirements' && questions.length > 0 ? { ...answers, wasAsked: true } : undefined;
}

/** What it waits for; a plan can only be waited for where one is. */
function askedFor(phase: Phase, facts: LegacyFacts, folder: string): WaitingFor | undefined {
  const hasPlan = currentPlanOf(facts.fileNames, folder, []) !== undefined;
  const asked = lastWait(phase, facts, hasPlan);
  return asked === 'plan_approval' && !hasPlan ? undefined : asked;
}

/** What the newest signal waits for: that of `_signal.json`, else the last of the history, else the overview. */
function lastWait(phase: Phase, facts: LegacyFacts, hasPlan: boolean): WaitingFor | undefined {
  const usual = hasPlan && phase !== 'requirements' ? 'plan_approval' : 'qa_answers';
  const reading = parseSignal(facts.signal, phase);
  if (reading.kind === 'signal') return reading.signal.status === 'waiting' ? reading.signal.for : undefined;
  const last = lastEntry(facts);
  if (last) {
    const named = WAITING_FOR.find((name) => name === last.for);
    return last.status === 'waiting' ? (named ?? usual) : undefined;
  }
  return readOverview(facts.overview ?? '').blocked === 'waiting_human' ? usual : undefined;
}

/** Where neither signal nor history is left, the overview alone says it. */
function wasEnded(facts: LegacyFacts): boolean {
  const reading = parseSignal(facts.signal, 'done');
  if (reading.kind === 'signal') return reading.signal.status === 'done';
  const last = lastEntry(facts);
  return last === undefined ? reading.kind === 'missing' : last.status === 'done';
}

function lastEntry({ history = '' }: LegacyFacts) {
  return readHistory(history).findLast(({ status }) => status !== 'none');
}
