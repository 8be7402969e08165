import { sendAndAwait } from '../../caller/commands/await-command.ts';
import { gateRuleOf, orThrow } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { requireText } from '../../caller/refusals/require.ts';
import { judgeRequestChanges } from '../../session/commands/judge-gates.ts';

/** Sends the plan back to planning with the person's feedback. */
export async function requestChanges(
  input: SessionQuestion & { feedback: string },
  context: ActionContext,
): Promise<Acted> {
  const feedback = requireText(input.feedback, 'feedback');
  const view = await findSession({ ...input, isAct: true }, context);
  orThrow(
    'request_changes',
    judgeRequestChanges({ feedback, by: context.by }, view.state, gateRuleOf(view)),
    view,
  );
  const request = { kind: 'request_changes', feedback } as const;
  const after = await sendAndAwait(view, request, ['changes_requested'], context);
  return { view: after.view, done: 'Changes to the plan are requested; a new version follows.' };
}
