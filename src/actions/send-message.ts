import type { SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { requireText } from './require-text.ts';

/**
 * Leaves guidance for the session's next child.
 * @throws TextMissingError, TextTooLongError; CommandRefusedError, WorkerUnresponsiveError
 */
export async function sendMessage(
  input: SessionQuestion & { text: string },
  context: ActionContext,
): Promise<{ view: SessionView; messageId?: string }> {
  const text = requireText(input.text, 'text');
  const view = await findSession(input, context);
  const after = await afterCommand(view, { kind: 'message', text }, ['message_kept'], context);
  const kept = after.events.find((event) => event.type === 'message_kept');
  return { view: after.view, ...(kept && { messageId: kept.id }) };
}
