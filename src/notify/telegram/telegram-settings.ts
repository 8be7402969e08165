import { join } from 'node:path';
import { readNotifySettings } from '../notify-settings.ts';

export interface TelegramSettings {
  token: string;
  /** The only chat that is written to and listened to: a number, or @name. */
  chat: string;
  /** Who may act in a group: numbers, or names in small letters without @. */
  users: readonly string[];
  /** Of the Bot API server. */
  apiRoot: string;
  /** NOTIFY_DETAIL=titles */
  isBrief: boolean;
}

/** Its files in the folder of the supervisor. */
export function telegramFiles({ dir }: { dir: string }): { state: string; setUp: string } {
  return { state: join(dir, 'telegram.json'), setUp: join(dir, 'telegram.set-up') };
}

const TELEGRAM = 'https://api.telegram.org';

/** The bot and its chat as they are set now; `chat` is missing until the set-up has learned it. */
export async function readTelegramSettings(
  env: Readonly<Record<string, string | undefined>>,
  homeDir: string,
): Promise<Omit<TelegramSettings, 'token' | 'chat'> & { token?: string; chat?: string }> {
  const { settings } = await readNotifySettings(env, homeDir);
  const { telegramUsers = '', telegramApiRoot = TELEGRAM } = settings;
  const users = telegramUsers.split(',').map((user) => user.trim().replace(/^@/, ''));
  return {
    token: settings.telegramBotToken,
    chat: settings.telegramChatId,
    users: users.filter(Boolean).map((user) => user.toLowerCase()),
    isBrief: settings.notifyDetail === 'titles',
    apiRoot: telegramApiRoot.replace(/\/+$/, ''),
  };
}

/** The same where it is complete. */
export async function telegramSettings(
  env: Readonly<Record<string, string | undefined>>,
  homeDir: string,
): Promise<TelegramSettings | undefined> {
  const { token, chat, ...rest } = await readTelegramSettings(env, homeDir);
  return token === undefined || chat === undefined ? undefined : { ...rest, token, chat };
}
