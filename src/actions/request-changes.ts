import { judgeRequestChanges } from '../session/commands/judge-request-changes.ts';
import type { SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { EarlyRefusalError } from './early-refusal.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { requireText } from './require-text.ts';

/**
 * Sends the plan back to planning with what the person wants changed.
 * @throws EarlyRefusalError, TextMissingError, TextTooLongError; CommandRefusedError, WorkerUnresponsiveError
 */
export async function requestChanges(
  input: SessionQuestion & { feedback: string },
  context: ActionContext,
): Promise<{ view: SessionView }> {
  const feedback = requireText(input.feedback, 'feedback');
  const view = await findSession(input, context);
  const verdict = judgeRequestChanges({ feedback }, view.state);
  if (verdict.kind === 'refused') throw new EarlyRefusalError(verdict, view);
  const after = await afterCommand(
    view,
    { kind: 'request_changes', feedback },
    ['changes_requested'],
    context,
  );
  return { view: after.view };
}
