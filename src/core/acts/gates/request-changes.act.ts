import { sendAndAwait } from '../../caller/commands/await-command.ts';
import { accepted, gateRuleOf } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { requireText } from '../../caller/refusals/require.ts';
import { judgeRequestChanges } from '../../session/commands/judge-gates.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** Sends the plan back to planning with the person's feedback. */
export async function requestChanges(
  input: SessionQuestion & { feedback: string },
  context: ActionContext,
): Promise<{ view: SessionView }> {
  const feedback = requireText(input.feedback, 'feedback');
  const view = await findSession({ ...input, isAct: true }, context);
  accepted(judgeRequestChanges({ feedback, by: context.by }, view.state, gateRuleOf(view)), view);
  const request = { kind: 'request_changes', feedback } as const;
  return { view: (await sendAndAwait(view, request, ['changes_requested'], context)).view };
}
