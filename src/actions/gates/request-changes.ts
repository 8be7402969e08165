import { judgeRequestChanges } from '../../session/commands/judge-plan.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { gateStatus } from '../../session/status.ts';
import { afterCommand } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { accepted, gateChannelsOf } from '../acting/early-refusal.ts';
import { findSessionAndPlace, type SessionQuestion } from '../places/find-session.ts';
import { requireText } from '../preconditions/require-text.ts';
import { takenOver } from '../sessions/adopt-session.ts';

/**
 * Sends the plan back to planning with what the person wants changed.
 * @throws an early refusal, text_missing, text_too_long; the worker's refusal, pending
 */
export async function requestChanges(
  input: SessionQuestion & { feedback: string },
  context: ActionContext,
): Promise<{ view: SessionView }> {
  const feedback = requireText(input.feedback, 'feedback');
  const found = await findSessionAndPlace(input, context);
  const { view } = found;
  const facts = { gateChannels: gateChannelsOf(view), opensFirstGate: view.isForeign };
  accepted(judgeRequestChanges({ feedback, by: context.by }, gateStatus(view), facts), view);
  const after = await afterCommand(
    await takenOver(found, 'plan', context),
    { kind: 'request_changes', feedback },
    ['changes_requested'],
    context,
  );
  return { view: after.view };
}
