import type { CommandOf } from '../commands.ts';
import type { Channel, RecordedAnswer } from '../event-types.ts';
import { answerText, parseAnswer, questionHash } from '../qa-answer.ts';
import type { OpenQuestions } from '../qa-open.ts';
import { findQuestion, type QaQuestion } from '../qa-question.ts';
import type { SessionState } from '../state.ts';
import { closedChannel } from './closed-channel.ts';
import { type Refused, refused } from './refused.ts';

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
    const what = 'The session does not wait for answers.';
    return refused('not_waiting', { what, why: 'Nothing is asked now.', isStatus: true });
  }
  const closed = closedChannel(command.by, facts.gateChannels, NOTHING);
  if (closed) return closed;
  const answers = new Map<string, RecordedAnswer>();
  const give = (question: QaQuestion, text: string) =>
    answers.set(question.id, { id: question.id, question: questionHash(question), text });
  for (const { id, text } of command.confirmTyped ? facts.unconfirmed : []) {
    const question = findQuestion(facts.questions, id);
    if (question) give(question, text);
  }
  for (const { question, text } of given) give(question, text);
  for (const question of command.acceptSuggestions ? facts.questions : []) {
    const isLeft = facts.open.includes(question.id) && !answers.has(question.id);
    if (isLeft && question.suggestion) give(question, question.suggestion.letters.join(', '));
  }
  if (answers.size === 0) return noAnswer(facts.open);
  const open = facts.open.filter((id) => !answers.has(id));
  return { kind: 'accepted', answers: [...answers.values()], open };
}

const NOTHING = 'Nothing was answered.';

function understood(
  answers: CommandOf<'answer'>['answers'],
  questions: readonly QaQuestion[],
): { question: QaQuestion; text: string }[] | Refused {
  const given: { question: QaQuestion; text: string }[] = [];
  for (const { id, text } of answers) {
    const question = findQuestion(questions, id);
    if (question === undefined) return unknownQuestion(id, questions);
    const parsed = parseAnswer(question, text);
    if (parsed.kind === 'invalid') {
      const hint = `Answer ${question.id} with a letter of its options, several with commas, or in your own words.`;
      return refused('answer_not_understood', { what: NOTHING, why: parsed.problem, hint });
    }
    given.push({ question, text: answerText(parsed) });
  }
  return given;
}

function unknownQuestion(id: string, questions: readonly QaQuestion[]): Refused {
  const known = questions.map((question) => question.id).join(', ');
  return refused('unknown_question', {
    what: NOTHING,
    why: `There is no question "${id.slice(0, 40)}". ${known ? `The questions are ${known}.` : 'Nothing has been asked.'}`,
    hint: known ? `Answer ${known}; read_qa shows them.` : 'No question is open: see get_status.',
  });
}

function noAnswer(open: readonly string[]): Refused {
  return refused('no_answer_given', {
    what: NOTHING,
    why: 'No open question got an answer.',
    hint: `Open are ${open.join(', ')}: give answers by id, or accept_suggestions if the person wants exactly that.`,
  });
}
