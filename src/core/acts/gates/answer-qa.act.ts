import { sendAndAwait } from '../../caller/commands/await-command.ts';
import { gateRuleOf, orThrow } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import type { Acted } from '../../caller/facts/acted.ts';

import { cut } from '../../kernel/text.ts';
import { judgeAnswer } from '../../session/commands/judge-gates.ts';
import { documentText } from '../../session/documents/documents.ts';
import { openQuestions } from '../../session/documents/qa.ts';
import type { AnswerOnRecord } from '../../session/events/bodies/positions.ts';
import type { Channel } from '../../session/events/bodies/who-acted.ts';

export interface AnswerQaInput extends SessionQuestion {
  /** Each `text` is a letter, several ("A, C"), or free text. */
  answers: readonly { id: string; text: string }[];
  acceptSuggestions?: boolean;
  /** The person confirms that the answers in the file are theirs. */
  confirmTyped?: boolean;
  /** Change recorded answers. */
  replace?: boolean;
  /** The hash returned with the questions that were shown; without it, no answer is recorded. */
  hash: string | undefined;
}

export interface AnswerQaResult extends Acted {
  recorded: { id: string; text: string }[];
  /** The earlier answers that were replaced. */
  replaced: readonly AnswerOnRecord[];
  open: string[];
}

/**
 * Sends a person's answers to the questions that a session waits for; not all need to be answered.
 * @throws an early refusal before the worker is involved; the worker's refusal, pending
 */
export async function answerQa(input: AnswerQaInput, context: ActionContext): Promise<AnswerQaResult> {
  const { acceptSuggestions = false, confirmTyped = false } = input;
  const replace = input.replace ? { replace: true as const } : {};
  const view = await findSession({ ...input, isAct: true }, context);
  const answers = [...input.answers];
  const given = { hash: input.hash?.trim(), answers, acceptSuggestions, confirmTyped, ...replace };
  const request = { kind: 'answer', ...given } as const;
  const facts = {
    ...openQuestions(await documentText(view.paths.qa), view.state),
    ...gateRuleOf(view),
  };
  const verdict = orThrow('answer', judgeAnswer({ ...request, by: context.by }, view.state, facts), view);
  const after = await sendAndAwait(view, request, ['answers_recorded'], context);
  // The worker might have found newer questions in the file than were read here.
  const event = after.events.find((each) => each.type === 'answers_recorded') ?? verdict;
  const { answers: recorded, replaced = [], open } = event;
  const notes = [
    `${HOW[context.by.channel] ?? 'Recorded'}: ${listOf(recorded)}.`,
    ...(replaced.length > 0 ? [`Replaced: ${listOf(replaced)}.`] : []),
    ...(open.length > 0 ? [`Still open: ${open.join(', ')}.`] : []),
  ];
  return {
    view: after.view,
    done: notes.join(' '),
    recorded: recorded.map(({ id, text }) => ({ id, text })),
    replaced,
    open,
  };
}

/** A model must know that its word alone stands behind an answer. */
const HOW: Readonly<Partial<Record<Channel, string>>> = {
  tool: 'Recorded as passed on by you alone',
  elicitation: 'Recorded as given in a form',
};

function listOf(answers: readonly { id: string; text: string }[]): string {
  return answers.map(({ id, text }) => `${id}: ${cut(text, 60)}`).join('; ');
}
