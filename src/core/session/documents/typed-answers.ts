import { ACCEPTS_WEAKENED } from '../events/accepted.ts';
import type { RecordedAnswer } from '../events/bodies/positions.ts';
import type { SessionState, WaitingStatus } from '../events/state.ts';
import { answerText, openQuestions, parseAnswer, parseQa } from './qa.ts';
import { findQuestion } from './qa-blocks.ts';

/** A complete set of answers that a person typed into `_qa.md`. */
export interface TypedAnswers {
  answers: RecordedAnswer[];
  /** The file says `Status: answered`: the person has finished typing. */
  isMarkedAnswered: boolean;
}

/**
 * The answers typed since the session was parked; undefined while an open question has no answer, or only the one that
 * was there at parking.
 */
export function typedAnswers(
  text: string,
  state: Pick<SessionState, 'oldRounds' | 'answers'>,
  { unconfirmed: parkedWith, weakened }: Pick<WaitingStatus, 'unconfirmed' | 'weakened'>,
): TypedAnswers | undefined {
  const { open, unconfirmed, questions } = openQuestions(text, state);
  const before = new Map(parkedWith.map((answer) => [`${answer.id} ${answer.question}`, answer.text]));
  const answers: RecordedAnswer[] = [];
  for (const id of open) {
    const typed = unconfirmed.find((answer) => answer.id === id);
    const question = findQuestion(questions, id);
    if (typed === undefined || question === undefined) return undefined;
    if (before.get(`${typed.id} ${typed.question}`) === typed.text) return undefined;
    const parsed = parseAnswer(question, typed.text);
    if (parsed.kind === 'invalid') return undefined;
    const text = answerText(parsed);
    // Any program can write to a file, and only a person may accept weakened checks.
    if (id === weakened?.question && text === ACCEPTS_WEAKENED) return undefined;
    answers.push({ ...typed, text });
  }
  if (answers.length === 0) return undefined;
  return { answers, isMarkedAnswered: parseQa(text).status === 'answered' };
}
