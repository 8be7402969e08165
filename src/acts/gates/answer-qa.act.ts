import { judgeAnswer } from '../../session/commands/judge-gates.ts';
import { documentText } from '../../session/documents/documents.ts';
import { openQuestions } from '../../session/documents/qa.ts';
import type { AnswerOnRecord } from '../../session/events/bodies/positions.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { sendAndAwait } from '../common/await-command.ts';
import type { ActionContext } from '../common/context.ts';
import { accepted, gateRuleOf } from '../common/early-refusal.ts';
import { findSession, type SessionQuestion } from '../common/places/find-session.ts';

export interface AnswerQaInput extends SessionQuestion {
  /** A letter, several ("A, C"), or free text, by the question's id. */
  answers: readonly { id: string; text: string }[];
  acceptSuggestions?: boolean | undefined;
  /** The answers in the file are the person's own. */
  confirmTyped?: boolean | undefined;
  /** Recorded answers are to be changed. */
  replace?: boolean | undefined;
}

export interface AnswerQaResult {
  view: SessionView;
  recorded: { id: string; text: string }[];
  /** The recorded answers that they replace. */
  replaced: readonly AnswerOnRecord[];
  open: string[];
}

/**
 * Sends a person's answers to the questions that a session waits for; they may be incomplete.
 * @throws an early refusal before the worker is involved; the worker's refusal, pending
 */
export async function answerQa(input: AnswerQaInput, context: ActionContext): Promise<AnswerQaResult> {
  const { acceptSuggestions = false, confirmTyped = false } = input;
  const replace = input.replace ? { replace: true as const } : {};
  const view = await findSession({ ...input, isAct: true }, context);
  const answers = [...input.answers];
  const request = { kind: 'answer', answers, acceptSuggestions, confirmTyped, ...replace } as const;
  const facts = {
    ...openQuestions(await documentText(view.paths.qa), view.state),
    ...gateRuleOf(view),
  };
  const verdict = accepted(judgeAnswer({ ...request, by: context.by }, view.state, facts), view);
  const after = await sendAndAwait(view, request, ['answers_recorded'], context);
  // The worker may have found newer questions in the file than were read here.
  const recorded = after.events.find((event) => event.type === 'answers_recorded') ?? verdict;
  return {
    view: after.view,
    recorded: recorded.answers.map(({ id, text }) => ({ id, text })),
    replaced: recorded.replaced ?? [],
    open: recorded.open,
  };
}
