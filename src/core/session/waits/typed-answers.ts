import { openQuestions, parseAnswer, parseQa, recordOf } from '../documents/qa.ts';
import { findQuestion } from '../documents/qa-blocks.ts';
import { hasNote } from '../documents/qa-change.ts';
import { isAcceptanceIn } from '../events/asks.ts';
import type { RecordedAnswer } from '../events/bodies/positions.ts';
import type { SessionState, WaitingStatus } from '../events/state.ts';

/** A complete set of answers that a person typed into `_qa.md`. */
export interface TypedAnswers {
  answers: RecordedAnswer[];
  /** What was typed for questions of samocode itself and cannot count; no answer counts before that is clear. */
  unclear: { id: string; problem: string }[];
  /** The file says `Status: answered`: the person has finished typing. */
  isMarkedAnswered: boolean;
}

/** Only a person may accept weakened checks. */
const NO_ACCEPTANCE =
  'Changes that weaken the checks cannot be accepted in a file, because any program can write to it. In a terminal, "samocode answer" confirms it.';

/**
 * The answers typed since the session was parked; undefined while an open question has no answer, or only the one that
 * was there at parking.
 */
export function typedAnswers(
  text: string,
  state: Pick<SessionState, 'oldRounds' | 'answers' | 'asks'>,
  { unconfirmed: parkedWith }: Pick<WaitingStatus, 'unconfirmed'>,
): TypedAnswers | undefined {
  const { open, unconfirmed, questions } = openQuestions(text, state);
  const before = new Map(parkedWith.map((answer) => [`${answer.id} ${answer.question}`, answer.text]));
  const answers: RecordedAnswer[] = [];
  const unclear: TypedAnswers['unclear'] = [];
  for (const id of open) {
    const typed = unconfirmed.find((answer) => answer.id === id);
    const question = findQuestion(questions, id);
    if (typed === undefined || question === undefined) return undefined;
    if (before.get(`${typed.id} ${typed.question}`) === typed.text) return undefined;
    const parsed = parseAnswer(question, typed.text);
    const answer = parsed.kind === 'invalid' ? undefined : recordOf(question, parsed);
    const isAcceptance = isAcceptanceIn(state, answer);
    if (answer !== undefined && !isAcceptance) {
      answers.push(answer);
      continue;
    }
    const problem = parsed.kind === 'invalid' ? parsed.problem : NO_ACCEPTANCE;
    if (!question.own || hasNote(text, problem)) return undefined;
    unclear.push({ id, problem });
  }
  if (answers.length + unclear.length === 0) return undefined;
  return { answers, unclear, isMarkedAnswered: parseQa(text).status === 'answered' };
}
