import type { SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { requireText } from './require-text.ts';
import { NotWaitingError } from './waiting-errors.ts';

/**
 * Sends the plan back to planning with what the person wants changed.
 * @throws NotWaitingError, TextMissingError, TextTooLongError; CommandRefusedError, WorkerUnresponsiveError
 */
export async function requestChanges(
  input: SessionQuestion & { feedback: string },
  context: ActionContext,
): Promise<{ view: SessionView }> {
  const feedback = requireText(input.feedback, 'feedback');
  const view = await findSession(input, context);
  const { status } = view.state;
  if (status.kind !== 'waiting' || status.for !== 'plan_approval')
    throw new NotWaitingError(view, 'approval');
  const after = await afterCommand(
    view,
    { kind: 'request_changes', feedback },
    ['changes_requested'],
    context,
  );
  return { view: after.view };
}
