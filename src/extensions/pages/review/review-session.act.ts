import { readPlanOf } from '../../../core/acts/gates/read-plan.act.ts';
import { requestChanges } from '../../../core/acts/gates/request-changes.act.ts';
import { readChanges } from '../../../core/acts/reading/read-changes.act.ts';
import { resumeSession } from '../../../core/acts/sessions/resume-session.act.ts';
import { sendMessage } from '../../../core/acts/sessions/send-message.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../../core/caller/context/find-session.ts';
import type { Acted } from '../../../core/caller/facts/acted.ts';
import {
  type CommentedText,
  commentsMessage,
  diffLines,
  documentLines,
  type LineComment,
} from '../../../core/caller/facts/line-comments.ts';
import { shownText } from '../../../core/kernel/text.ts';
import { gateOf } from '../../../core/session/folder/read-session.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';

export interface ReviewQuestion extends SessionQuestion {
  /** The file or folder whose diff to review; by default the whole diff, or the plan that waits for approval. */
  path?: string;
}

/** The text under review, which agents wrote, as it was when the person began. */
export interface SessionReview extends CommentedText {
  view: SessionView;
  of: 'plan' | 'diff';
  /** Completes "Comments on …". */
  title: string;
  /** Paths with changes that the diff does not show. */
  uncommitted: string[];
  isCut: boolean;
}

/** More than anyone reviews at once. */
const MAX_CHARS = 4_000_000;

export async function openReview(question: ReviewQuestion, context: ActionContext): Promise<SessionReview> {
  const view = await findSession({ ...question, isAct: true }, context);
  if (gateOf(view)?.for === 'plan_approval' && question.path === undefined) {
    const { name, text } = await readPlanOf(view);
    const lines = documentLines(name, shownText(text));
    return { view, of: 'plan', title: `the plan ${name}`, uncommitted: [], isCut: false, ...lines };
  }
  const whole = { ...question, path: question.path ?? '.', maxChars: MAX_CHARS };
  const { since, uncommitted, patch } = await readChanges(whole, context);
  const lines = reviewedLines(patch?.text ?? '');
  const isCut = patch?.truncated === true;
  return { view, of: 'diff', title: `the changes since ${since}`, uncommitted, isCut, ...lines };
}

/** The lines of a diff as shown to a person. A carriage return inside a line does not split it. */
export function reviewedLines(patch: string): CommentedText {
  return diffLines(shownText(patch.replace(/\r(?!\n)/g, '\\u000d')));
}

export interface SentReview extends Acted {
  /** Guidance for the next agent, the goal of a finished session, or changes to the plan. */
  as: 'message' | 'goal' | 'changes';
  /** The number of comments on lines that have changed since. */
  stale: number;
}

/** Sends the comments as one message: changes to the plan, guidance for the next agent, or a new goal. */
export async function sendReview(
  question: ReviewQuestion,
  {
    review,
    comments,
  }: { review: CommentedText & Pick<SessionReview, 'of'>; comments: readonly LineComment[] },
  context: ActionContext,
): Promise<SentReview> {
  const now = await openReview(question, context);
  const { message, stale } = commentsMessage(review, comments, now);
  const text = `Comments on ${now.title}:\n\n${message}`;
  if (review.of === 'plan')
    return { ...(await requestChanges({ ...question, feedback: text }, context)), as: 'changes', stale };
  return { ...(await sendRemarks(question, { view: now.view, text }, context)), stale };
}

/** Sends remarks on the work of a session: guidance for the next agent, or the new goal of a finished session. */
export async function sendRemarks(
  question: SessionQuestion,
  { view: { state }, text }: { view: SessionView; text: string },
  context: ActionContext,
): Promise<Acted & Pick<SentReview, 'as'>> {
  if (state.status.kind !== 'done')
    return { ...(await sendMessage({ ...question, text }, context)), as: 'message' };
  const { view } = await resumeSession({ ...question, goal: text }, context);
  return { view, done: `${view.folder} continues with your comments as its goal.`, as: 'goal' };
}
