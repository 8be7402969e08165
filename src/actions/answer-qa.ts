import { SamocodeError } from '../base/errors.ts';
import { answerText, parseAnswer } from '../session/qa-answer.ts';
import { findQuestion } from '../session/qa-question.ts';
import type { SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { type QaReport, readQaOf } from './read-qa.ts';
import { NotWaitingError } from './waiting-errors.ts';

export interface AnswerQaInput extends SessionQuestion {
  /** A letter, several ("A, C"), or free text, by the question's id. */
  answers: readonly { id: string; text: string }[];
  /** Every open question without an answer here gets its suggestion. */
  acceptSuggestions?: boolean | undefined;
  /** What stands in the file is the person's own. */
  confirmTyped?: boolean | undefined;
}

export interface AnswerQaResult {
  view: SessionView;
  /** Ids and texts as they were taken. */
  recorded: { id: string; text: string }[];
  /** Ids that still wait. */
  open: string[];
}

/**
 * Gives a person's answers to the questions that a session waits for; a part of them is fine.
 * @throws NotWaitingError, NoAnswerGivenError, UnknownQuestionError, AnswerNotUnderstoodError before anything
 * is asked of the worker; CommandRefusedError, WorkerUnresponsiveError
 */
export async function answerQa(input: AnswerQaInput, context: ActionContext): Promise<AnswerQaResult> {
  const { acceptSuggestions = false, confirmTyped = false } = input;
  const view = await findSession(input, context);
  const qa = await readQaOf(view);
  const answers = input.answers.map((answer) => understood(answer, qa, view.folder));
  const { status } = view.state;
  if (status.kind !== 'waiting' || status.for !== 'qa_answers') throw new NotWaitingError(view, 'answers');
  if (answers.length === 0 && !acceptSuggestions && !confirmTyped) throw new NoAnswerGivenError(qa.open);
  const request = { kind: 'answer', answers, acceptSuggestions, confirmTyped } as const;
  const after = await afterCommand(view, request, ['answers_recorded'], context);
  const recorded = after.events.flatMap((event) => (event.type === 'answers_recorded' ? event.answers : []));
  const open = after.events
    .flatMap((event) => (event.type === 'answers_recorded' ? [event.open] : []))
    .at(-1);
  return {
    view: after.view,
    recorded: (recorded.length > 0 ? recorded : answers).map(({ id, text }) => ({ id, text })),
    open: open ?? qa.open.filter((id) => !answers.some((answer) => answer.id === id)),
  };
}

function understood(answer: { id: string; text: string }, qa: QaReport, folder: string) {
  const question = findQuestion(qa.questions, answer.id);
  if (!question) throw new UnknownQuestionError(answer.id, qa, folder);
  const parsed = parseAnswer(question, answer.text);
  if (parsed.kind === 'invalid') throw new AnswerNotUnderstoodError(question.id, parsed.problem);
  return { id: question.id, text: answerText(parsed) };
}

class UnknownQuestionError extends SamocodeError {
  readonly code = 'unknown_question';

  constructor(id: string, { open, questions }: QaReport, folder: string) {
    const known = questions.map((question) => question.id);
    super(
      `Nothing was answered in ${folder}.`,
      `There is no question "${id.slice(0, 40)}". ${known.length > 0 ? `The questions are ${known.join(', ')}.` : 'Nothing has been asked.'}`,
      open.length > 0
        ? `Answer ${open.join(', ')}; read_qa shows them.`
        : 'No question is open: see get_status.',
    );
  }
}

class AnswerNotUnderstoodError extends SamocodeError {
  readonly code = 'answer_not_understood';

  constructor(id: string, problem: string) {
    super(
      'Nothing was answered.',
      problem,
      `Answer ${id} with a letter of its options, several with commas, or in your own words.`,
    );
  }
}

class NoAnswerGivenError extends SamocodeError {
  readonly code = 'no_answer_given';

  constructor(open: readonly string[]) {
    super(
      'Nothing was answered.',
      'The call holds no answer.',
      `Open are ${open.join(', ')}: give answers by id, or accept_suggestions if the person wants exactly that.`,
    );
  }
}
