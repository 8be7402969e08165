import { withoutMessage } from '../../kernel/phases/after-checks.ts';
import type { EventOf } from './events.ts';
import type { SessionState, UnreadMessage } from './state.ts';

type MessageType = 'message_kept' | 'message_withdrawn' | 'messages_delivered' | 'messages_acknowledged';

export const MESSAGE_FOLDS: { [T in MessageType]: (state: SessionState, event: EventOf<T>) => SessionState } =
  {
    message_kept: (state, event) => ({
      ...state,
      messages: { ...state.messages, waiting: [...state.messages.waiting, unreadOf(event)] },
    }),
    message_withdrawn: (state, { id }) => ({
      ...state,
      messages: { ...state.messages, waiting: stillUnread(state, [id]) },
      notes: state.notes.flatMap((note) => withoutMessage(note, id)),
    }),
    messages_delivered: (state, { ids }) => ({
      ...state,
      messages: {
        waiting: stillUnread(state, ids),
        unacknowledged: [...state.messages.unacknowledged, ...ids].slice(-MAX_UNACKNOWLEDGED),
      },
    }),
    messages_acknowledged: (state, { ids }) => ({
      ...state,
      messages: {
        ...state.messages,
        unacknowledged: state.messages.unacknowledged.filter((id) => !ids.includes(id)),
      },
    }),
  };

/**
 * Messages are repeated to every agent until one acknowledges them. If none does, the oldest remain only in the inbox:
 * neither state nor prompts may grow without bound.
 */
const MAX_UNACKNOWLEDGED = 50;

function unreadOf({ id, at, by, line = '' }: EventOf<'message_kept'>): UnreadMessage {
  return { id, at, by, line };
}

function stillUnread({ messages }: SessionState, received: readonly string[]): UnreadMessage[] {
  return messages.waiting.filter(({ id }) => !received.includes(id));
}
