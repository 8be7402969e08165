import { sendAndAwait } from '../../caller/commands/await-command.ts';
import { accepted } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { requireText } from '../../caller/refusals/require.ts';
import { judgeMessage } from '../../session/commands/judge-running.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** Stores guidance for the session's next agent. */
export async function sendMessage(
  input: SessionQuestion & { text: string },
  context: ActionContext,
): Promise<Acted & { messageId?: string }> {
  const text = requireText(input.text, 'text');
  const view = await findSession({ ...input, isAct: true }, context);
  accepted(judgeMessage({ text }, view.state), view);
  const after = await sendAndAwait(view, { kind: 'message', text }, ['message_kept'], context);
  const kept = after.events.find((event) => event.type === 'message_kept');
  return { view: after.view, messageId: kept?.id, done: whenRead(after.view) };
}

function whenRead({ state }: SessionView): string {
  const { kind } = state.status;
  const isResting = kind === 'stopped' || kind === 'blocked' || state.stopWanted !== undefined;
  return isResting
    ? 'It is stored; the next agent reads it once the session is resumed.'
    : 'The next agent gets the message.';
}
