import * as z from 'zod';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import type { CommentedText, LineComment } from '../../../../core/caller/facts/line-comments.ts';
import { parseJson } from '../../../../core/kernel/parse-json.ts';
import { sendReview } from '../../review/review-session.act.ts';
import { sessionQuestion } from '../web-context.ts';
import { WEB_ERRORS } from '../web-errors.ts';

const PageComment = z.object({
  file: z.string(),
  /** The line's number; for a removed line, its old number negated. */
  line: z.int(),
  /** The line as it was shown, with its sign. */
  quote: z.string(),
  text: z.string().trim().min(1),
});
export type PageComment = z.infer<typeof PageComment>;
const PageComments = z.array(PageComment).min(1);

/** The commented lines as the person saw them. The message notes lines that have changed since. */
export function asSeen(comments: readonly PageComment[]): CommentedText & { comments: LineComment[] } {
  const inOrder = comments.toSorted(
    (a, b) => (a.file < b.file ? -1 : Number(a.file > b.file)) || Math.abs(a.line) - Math.abs(b.line),
  );
  return {
    lines: inOrder.map(({ quote }) => quote),
    places: inOrder.map(({ file, line }) => (line < 0 ? { file, line: -line, isOld: true } : { file, line })),
    comments: inOrder.map(({ text }, below) => ({ below, text })),
  };
}

/** Sends the comments of a tab as one message. Returns a sentence about their effect. */
export async function sendComments(
  session: ShownSession,
  json: string,
  context: ActionContext,
): Promise<string> {
  const written = PageComments.safeParse(parseJson(json));
  if (!written.success) throw WEB_ERRORS.no_comments();
  // With a path, the review covers the diff even while a plan waits for approval.
  const question = { ...sessionQuestion(session), path: '.' };
  const { comments, ...seen } = asSeen(written.data);
  const review = { of: 'diff' as const, ...seen };
  const { done, stale } = await sendReview(question, { review, comments }, context);
  if (stale === 0) return done;
  return `${done}\n${stale} of ${comments.length}: the line has changed meanwhile, and the message says so.`;
}
