import { answerText, parseAnswer, questionHash } from '../documents/qa-answer.ts';
import { type OpenQuestions, suggestedAnswers } from '../documents/qa-open.ts';
import { findQuestion, type QaQuestion } from '../documents/qa-question.ts';
import type { RecordedAnswer } from '../events/bodies/positions.ts';
import type { Channel } from '../events/bodies/who-acted.ts';
import { ACCEPTS_WEAKENED } from '../events/fold-weakened.ts';
import type { SessionState } from '../events/state.ts';
import { closedChannel, personChannels } from './closed-channel.ts';
import type { CommandOf } from './commands.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { type Refused, refused, refusedForStatus } from './refused.ts';

export interface AnswerFacts extends Pick<OpenQuestions, 'questions' | 'open' | 'unconfirmed'> {
  gateChannels: readonly Channel[];
}

export type AnswerVerdict =
  /** `open`: ids that still wait. */
  { kind: 'accepted'; answers: RecordedAnswer[]; open: string[] } | Refused;

/** What a person's answers come to: the human act that opens the first gate. Nothing is written here. */
export function judgeAnswer(
  command: Pick<CommandOf<'answer'>, 'by' | 'answers' | 'acceptSuggestions' | 'confirmTyped'>,
  { status }: Pick<SessionState, 'status'>,
  facts: AnswerFacts,
): AnswerVerdict {
  const given = understood(command.answers, facts.questions);
  if ('kind' in given) return given;
  if (status.kind !== 'waiting' || status.for !== 'qa_answers') {
    return refusedForStatus(GATE_ERRORS.not_waiting({ for: 'answers' }));
  }
  const closed = closedChannel(command.by, facts.gateChannels, 'No answer was recorded.');
  if (closed) return closed;
  const answers = new Map<string, RecordedAnswer>();
  const give = (question: QaQuestion, text: string) =>
    answers.set(question.id, { id: question.id, question: questionHash(question), text });
  for (const { id, text } of command.confirmTyped ? facts.unconfirmed : []) {
    const question = findQuestion(facts.questions, id);
    if (question) give(question, text);
  }
  for (const { question, text } of given) give(question, text);
  for (const suggested of command.acceptSuggestions ? suggestedAnswers(facts) : [])
    if (!answers.has(suggested.id)) answers.set(suggested.id, suggested);
  const { weakened } = status;
  if (weakened && answers.get(weakened.question)?.text === ACCEPTS_WEAKENED) {
    const persons = personChannels(facts.gateChannels);
    if (!persons.includes(command.by.channel)) return refused(GATE_ERRORS.person_accepts({ persons }));
  }
  if (answers.size === 0) return refused(GATE_ERRORS.no_answer_given({ open: facts.open }));
  const open = facts.open.filter((id) => !answers.has(id));
  return { kind: 'accepted', answers: [...answers.values()], open };
}

function understood(
  answers: CommandOf<'answer'>['answers'],
  questions: readonly QaQuestion[],
): { question: QaQuestion; text: string }[] | Refused {
  const given: { question: QaQuestion; text: string }[] = [];
  for (const { id, text } of answers) {
    const question = findQuestion(questions, id);
    if (question === undefined)
      return refused(GATE_ERRORS.unknown_question({ id, known: questions.map((each) => each.id) }));
    const parsed = parseAnswer(question, text);
    if (parsed.kind === 'invalid') {
      const { problem } = parsed;
      return refused(GATE_ERRORS.answer_not_understood({ id: question.id, problem }));
    }
    given.push({ question, text: answerText(parsed) });
  }
  return given;
}
