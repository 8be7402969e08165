import { join } from 'node:path';
import type { NotifySettings } from '../channels/notify-settings.ts';

export interface TelegramSettings {
  token: string;
  /** The only chat that we write to and read from: a number, or @name. */
  chat: string;
  /** Who may act in a group: user ids, or lower-case names without @. */
  users: readonly string[];
  apiRoot: string;
  isBrief: boolean;
}

export function telegramFiles({ dir }: { dir: string }): { state: string; setUp: string } {
  return { state: join(dir, 'telegram.json'), setUp: join(dir, 'telegram.set-up') };
}

const TELEGRAM = 'https://api.telegram.org';

/** The bot and its chat; undefined until both are set. */
export function telegramSettings(settings: NotifySettings): TelegramSettings | undefined {
  const { telegramBotToken: token, telegramChatId: chat, telegramUsers = '' } = settings;
  if (token === undefined || chat === undefined) return undefined;
  const users = telegramUsers.split(',').map((user) => user.trim().replace(/^@/, ''));
  return {
    token,
    chat,
    users: users.filter(Boolean).map((user) => user.toLowerCase()),
    isBrief: settings.notifyDetail === 'titles',
    apiRoot: apiRootOf(settings),
  };
}

export function apiRootOf({ telegramApiRoot = TELEGRAM }: NotifySettings): string {
  return telegramApiRoot.replace(/\/+$/, '');
}

/** The chat and the user of a Bot API update. */
export interface Sender {
  chat: { id: number; type: string; username?: string };
  from?: { id: number; username?: string };
}

type MayAct =
  | 'yes'
  | 'other_chat'
  /** A group without TELEGRAM_USERS. */
  | 'no_users'
  | 'other_user';

/** In a private chat its user may act; in a group, only the listed users. */
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
