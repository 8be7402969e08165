import { SamocodeError } from '../base/errors.ts';
import type { SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { requireText } from './require-text.ts';

/**
 * Leaves guidance for the session's next child.
 * @returns `readBy`: in our words, who reads it and when
 * @throws TextMissingError, TextTooLongError, NobodyToReadError; CommandRefusedError, CommandPending
 */
export async function sendMessage(
  input: SessionQuestion & { text: string },
  context: ActionContext,
): Promise<{ view: SessionView; messageId?: string; readBy: string }> {
  const text = requireText(input.text, 'text');
  const view = await findSession(input, context);
  if (view.state.status.kind === 'done') throw new NobodyToReadError(view.folder);
  const after = await afterCommand(view, { kind: 'message', text }, ['message_kept'], context);
  const kept = after.events.find((event) => event.type === 'message_kept');
  return { view: after.view, ...(kept && { messageId: kept.id }), readBy: readBy(after.view) };
}

function readBy({ state }: SessionView): string {
  const { kind } = state.status;
  const rests = kind === 'stopped' || kind === 'blocked' || state.stopWanted !== undefined;
  return rests
    ? 'It is kept; the next agent reads it after resume_session.'
    : 'The next agent will be given the message.';
}

class NobodyToReadError extends SamocodeError {
  readonly code = 'done';

  constructor(folder: string) {
    super(
      'Nothing was kept.',
      `Session ${folder} is done: no agent comes that could read it.`,
      'If there is new work, give it to resume_session as goal.',
    );
  }
}
