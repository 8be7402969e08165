import { ACCEPTS_WEAKENED } from '../events/accepted.ts';
import type { RecordedAnswer } from '../events/bodies/positions.ts';
import type { SessionState, WaitingStatus } from '../events/state.ts';
import { answerText, openQuestions, parseAnswer, parseQa } from './qa.ts';
import { findQuestion } from './qa-blocks.ts';

/** Answers that a person has typed into `_qa.md`, none of them missing. */
export interface TypedAnswers {
  answers: RecordedAnswer[];
  /** The file says `Status: answered`: whoever typed is done. */
  isMarkedAnswered: boolean;
}

/**
 * What was typed since the session came to wait; undefined while an open question has no answer of its own, or only
 * the one that stood there then.
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
    // Anything may type into a file, and this only a person accepts.
    if (id === weakened?.question && text === ACCEPTS_WEAKENED) return undefined;
    answers.push({ ...typed, text });
  }
  if (answers.length === 0) return undefined;
  return { answers, isMarkedAnswered: parseQa(text).status === 'answered' };
}

/**
 * How long a file with typed answers has to rest before they count, in milliseconds: where it says that they are complete,
 * and where it does not. An editor that saves by itself shows half an answer, and whoever types may think.
 */
export const TYPING_REST = { markedMs: 2000, unmarkedMs: 30_000 };

/** A file that rests, as whoever watches it remembers it between two looks. */
export interface RestingFile {
  fileHash: string;
  sinceMs: number;
  /** When what it says counts, unless it changes before. */
  dueAtMs: number;
}

/** @param before of the last look; a file that has changed since begins its rest now */
export function restingFile(
  before: RestingFile | undefined,
  { fileHash, isMarkedAnswered }: Pick<TypedAnswers, 'isMarkedAnswered'> & { fileHash: string },
  nowMs: number,
  rest: typeof TYPING_REST,
): RestingFile {
  const sinceMs = before?.fileHash === fileHash ? before.sinceMs : nowMs;
  return { fileHash, sinceMs, dueAtMs: sinceMs + (isMarkedAnswered ? rest.markedMs : rest.unmarkedMs) };
}
