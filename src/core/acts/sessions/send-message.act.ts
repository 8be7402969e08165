import { sendAndAwait } from '../../caller/commands/await-command.ts';
import { earlyRefusal, orThrow, requireUsable } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { requireText } from '../../caller/refusals/require.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { judgeWithdraw } from '../../session/commands/judge-running.ts';
import { refused } from '../../session/commands/refused.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readEvents } from '../../session/log/event-log.ts';

/** Stores guidance for the session's next agent. */
export async function sendMessage(
  input: SessionQuestion & { text: string },
  context: ActionContext,
): Promise<Acted & { messageId?: string }> {
  const text = requireText(input.text, 'text');
  const view = await findSession({ ...input, isAct: true }, context);
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

/**
 * Takes back a message that no agent has received.
 * @param input `message`: its id; absent: the only one that no agent has received
 */
export async function withdrawMessage(
  input: SessionQuestion & { message?: string | undefined },
  context: ActionContext,
): Promise<Acted & { messageId: string }> {
  const view = requireUsable(await findSession({ ...input, isAct: true }, context));
  const message = input.message ?? onlyUnread(view);
  orThrow('withdraw_message', judgeWithdraw({ message }, view.state, await readEvents(view.paths, 0)), view);
  const request = { kind: 'withdraw_message', message } as const;
  const after = await sendAndAwait(view, request, ['message_withdrawn'], context);
  const done = `The message is withdrawn: no agent will receive it. Its file is in ${view.paths.withdrawn}.`;
  return { view: after.view, messageId: message, done };
}

function onlyUnread(view: SessionView): string {
  const unread = view.state.messages.waiting;
  const [only, ...others] = unread;
  if (only === undefined || others.length > 0)
    throw earlyRefusal('withdraw_message', refused(COMMAND_ERRORS.message_unknown({ unread })), view);
  return only.id;
}
