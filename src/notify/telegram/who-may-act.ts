/** A chat and a person as updates of the Bot API name them. */
export interface Sender {
  chat: { id: number; type: string; username?: string };
  from?: { id: number; username?: string };
}

export type MayAct =
  | 'yes'
  /** Not the chat that is configured. */
  | 'other_chat'
  /** A group, and TELEGRAM_USERS is not set. */
  | 'no_users'
  /** Not one of those. */
  | 'other_user';

/** In a chat of two, the other one is the person; in a group only who is named may act. */
export function mayAct({ chat, from }: Sender, allowed: { chat: string; users: readonly string[] }): MayAct {
  const names = [String(chat.id), `@${chat.username}`.toLowerCase()];
  if (!names.includes(allowed.chat.toLowerCase())) return 'other_chat';
  if (chat.type === 'private') return 'yes';
  if (allowed.users.length === 0) return 'no_users';
  const isNamed =
    from !== undefined &&
    (allowed.users.includes(String(from.id)) ||
      (from.username !== undefined && allowed.users.includes(from.username.toLowerCase())));
  return isNamed ? 'yes' : 'other_user';
}
