import type { RecordedAnswer } from '../events/bodies/positions.ts';
import type { SessionState } from '../events/state.ts';
import { parseQa } from './qa.ts';
import { questionHash } from './qa-answer.ts';
import type { QaQuestion } from './qa-question.ts';

/** The questions of the current goal, held against the human answers on record. */
export interface OpenQuestions {
  questions: QaQuestion[];
  /** Ids without a recorded answer to the question as it now stands. */
  open: string[];
  /** Answers that stand in the file and that no person is on record for. */
  unconfirmed: RecordedAnswer[];
  /** Questions whose recorded answer was changed in the file. */
  altered: string[];
}

/** The suggestions of what is open, as answers. */
export function suggestedAnswers({
  questions,
  open,
}: Pick<OpenQuestions, 'questions' | 'open'>): RecordedAnswer[] {
  return questions.flatMap((question) => {
    const { id, suggestion } = question;
    if (suggestion === undefined || !open.includes(id)) return [];
    return [{ id, question: questionHash(question), text: suggestion.letters.join(', ') }];
  });
}

/** @param text of `_qa.md`; undefined when there is none */
export function openQuestions(
  text: string | undefined,
  { oldRounds, answers }: Pick<SessionState, 'oldRounds' | 'answers'>,
): OpenQuestions {
  const all = text === undefined ? [] : parseQa(text).questions;
  const questions = all.filter((question) => question.round > oldRounds);
  const recorded = new Map(answers.map((answer) => [`${answer.id} ${answer.question}`, answer.text]));
  const found: OpenQuestions = { questions, open: [], unconfirmed: [], altered: [] };
  for (const question of questions) {
    const hash = questionHash(question);
    const given = recorded.get(`${question.id} ${hash}`);
    if (given === undefined) {
      found.open.push(question.id);
      if (question.answer !== undefined) {
        found.unconfirmed.push({ id: question.id, question: hash, text: question.answer });
      }
    } else if (question.answer !== given) {
      found.altered.push(question.id);
    }
  }
  return found;
}
