import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { isHashOf } from '../../../core/kernel/files/fingerprint.ts';
import { documentText } from '../../../core/session/documents/documents.ts';
import { openQuestions, questionHash, questionsHash } from '../../../core/session/documents/qa.ts';
import { gateOf, readSession } from '../../../core/session/folder/read-session.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { sessionPaths } from '../../../core/session/layout/paths.ts';
import type { SentMessage } from './sent-messages.ts';

/** A session and how actions refer to it, or why it cannot be used. */
export type Found = { view: SessionView; question: SessionQuestion } | { refusal: string };

/** The session that a message is about, if its folder still contains that session. */
export async function sessionAbout(sent: SentMessage, context: Pick<ActionContext, 'host'>): Promise<Found> {
  const { where, notification } = sent;
  if (where === undefined) return { refusal: TOO_OLD };
  const { sessionsDir, session } = where;
  const view = await readSession(sessionPaths(sessionsDir, session), context.host);
  if (view === undefined) return { refusal: `Session ${session} no longer exists.` };
  const { sessionFile: file } = view;
  if (file === undefined)
    return { refusal: `${session} was not started by this samocode: act on it in the terminal first.` };
  // The folder may by now contain another session.
  if (notification !== undefined && !notification.startsWith(`${file.id}:`)) return { refusal: TOO_OLD };
  return { view, question: { session, projectDir: file.configPath } };
}

export const TOO_OLD = 'This message is too old; nothing was done.';

/** The questions of a message that are still open and unchanged. */
export async function stillOpen<T extends { id: string; hash: string }>(
  view: SessionView,
  wanted: readonly T[],
): Promise<{ open: T[]; hash: string } | { refusal: string }> {
  if (gateOf(view)?.for !== 'qa_answers') return { refusal: `${view.folder} no longer waits for answers.` };
  const found = openQuestions(await documentText(view.paths.qa), view.state);
  const { questions, open } = found;
  const hashes = new Map(questions.map((question) => [question.id, questionHash(question)]));
  const same = wanted.filter(({ id, hash }) => hashes.get(id) === hash);
  if (same.length === 0) return { refusal: 'The question has changed; nothing was answered.' };
  const waiting = same.filter(({ id }) => open.includes(id));
  return waiting.length > 0
    ? { open: waiting, hash: questionsHash(found) }
    : { refusal: 'Already answered.' };
}

/** Why the plan of a message cannot be decided on; undefined if it is the one that waits for approval. */
export function planRefusal(view: SessionView, hash: string): string | undefined {
  const gate = gateOf(view);
  if (gate?.for !== 'plan_approval') return `${view.folder} no longer waits for an approval.`;
  if (gate.plan === undefined || !isHashOf(hash, gate.plan.hash))
    return 'Another plan is waiting now; nothing was decided.';
  return undefined;
}
