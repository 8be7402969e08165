import { answerQa } from '../../../core/acts/gates/answer-qa.act.ts';
import { carryOut, planDecision } from '../../../core/acts/gates/plan-question.ts';
import { resumeSession } from '../../../core/acts/sessions/resume-session.act.ts';
import { sendMessage } from '../../../core/acts/sessions/send-message.act.ts';
import { stopSession } from '../../../core/acts/sessions/stop-session.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { SessionQuestion } from '../../../core/caller/context/find-session.ts';
import type { Acted } from '../../../core/caller/facts/acted.ts';
import type { Filled } from '../../../core/caller/facts/form.ts';
import { planRefusal, sessionAbout, stillOpen, TOO_OLD } from './phone-session.ts';
import type { SentMessage } from './sent-messages.ts';
import { decisionOn, hasMovedOn } from './settled.ts';

/** The meaning of a button or a reply, before anything is done. */
export type Intent =
  | { refusal: string; isOver?: true }
  /** `pending` is shown when `act` begins. */
  | { pending: string; act: () => Promise<PhoneReply> }
  | { asks: 'changes'; hash: string }
  | { shows: 'status' };

export interface PhoneReply {
  words: string;
  /** Ids of the questions, or hash of the plan, that this settles; messages about them lose their buttons. */
  settles: readonly string[];
}

/** Interprets a button or a reply. Its text is only data. */
export async function intentOf(
  sent: SentMessage,
  input: { choice: string } | { reply: string },
  context: ActionContext,
): Promise<Intent> {
  const found = await sessionAbout(sent, context);
  if ('refusal' in found) return { ...found, isOver: true };
  const { view, question } = found;
  const { about, buttons } = sent;
  if ('choice' in input && !buttons.flat().some(({ choice }) => choice === input.choice)) return NOT_OFFERED;
  // Without a recorded decision, the file may only be half written: the buttons stay.
  const over = async (refusal: string): Promise<Intent> => {
    const decision = await decisionOn(sent, view);
    return decision === undefined ? { refusal } : { refusal: decision, isOver: true };
  };
  const text = 'choice' in input ? input.choice : input.reply;
  switch (about.kind) {
    case 'question': {
      const open = await stillOpen(view, [about]);
      if ('refusal' in open) return await over(open.refusal);
      return answering({ ...question, hash: open.hash }, [{ id: about.id, text }], context);
    }
    case 'suggestions': {
      if ('reply' in input) return { refusal: 'Reply to one of the questions instead.' };
      const open = await stillOpen(view, about.answers);
      if ('refusal' in open) return await over(open.refusal);
      return answering(
        { ...question, hash: open.hash },
        open.open.map(({ id, text: letters }) => ({ id, text: letters })),
        context,
      );
    }
    case 'plan':
    case 'changes': {
      const refusal = planRefusal(view, about.hash);
      if (refusal !== undefined) return await over(refusal);
      if ('reply' in input && about.kind === 'plan')
        return { refusal: 'Press "Request changes" first, then reply to the question that follows.' };
      const chosen: Filled = 'choice' in input ? { decision: text } : { decision: 'changes', changes: text };
      const decision = planDecision(about.hash, chosen);
      if (decision.kind !== 'approve' && decision.kind !== 'changes') return NOT_OFFERED;
      if (decision.kind === 'changes' && 'choice' in input) return { asks: 'changes', hash: about.hash };
      const what = decision.kind === 'approve' ? 'approval' : 'request';
      return acting(`recording the ${what}`, () => carryOut(decision, question, context), about.hash);
    }
    case 'session':
      if ('reply' in input)
        return acting('sending the message', () => sendMessage({ ...question, text }, context));
      if (input.choice === 'status') return { shows: 'status' };
      if (await hasMovedOn(sent, view)) return { refusal: TOO_OLD, isOver: true };
      if (input.choice === 'resume') return acting('resuming', () => resumeSession(question, context));
      if (input.choice !== 'stop') return NOT_OFFERED;
      return acting('stopping', () => stopSession({ ...question, when: 'after_iteration' }, context));
    default:
      return about satisfies never;
  }
}

/** By the message: a choice of another one, such as an approval without its plan, decides nothing. */
const NOT_OFFERED: Intent = { refusal: 'This message does not offer that; nothing was done.' };

function answering(
  question: SessionQuestion & { hash: string },
  answers: { id: string; text: string }[],
  context: ActionContext,
): Intent {
  const all = answers.map(({ id, text }) => `${id} ${text}`).join(', ');
  return {
    pending: `recording ${all}`,
    act: async () => {
      const { done, recorded } = await answerQa({ ...question, answers }, context);
      return { words: done, settles: recorded.map(({ id }) => id) };
    },
  };
}

/** @param settles the hash of the plan that the act decides on */
function acting(pending: string, act: () => Promise<Acted>, ...settles: string[]): Intent {
  return { pending, act: async () => ({ words: (await act()).done, settles }) };
}
