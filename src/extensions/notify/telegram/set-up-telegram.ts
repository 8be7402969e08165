import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Message } from 'grammy/types';
import type { Clock } from '../../../core/kernel/clock.ts';
import { errors } from '../../../core/kernel/errors.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { type BotApi, type FailureText, failureText, newBotApi, sendingFailure } from './bot-api.ts';
import { setInEnvFile } from './env-file.ts';

export interface SetUp {
  token: string;
  apiRoot: string;
  home: string;
  clock: Clock;
  /** While this file exists, the supervisor does not read the bot's messages. */
  setUpPath: string;
  /** Shows the code to send, and the bot to send it to. */
  show: (bot: string, code: string) => void;
}

export interface SetUpResult {
  bot: string;
  chat: number;
  isGroup: boolean;
  /** In a group, the user who may act. */
  user?: number;
  path: string;
}

const POLL_SECONDS = 10;
const PATIENCE_MS = 10 * 60_000;
const CONFLICT_MS = 2000;

/**
 * Checks a token and saves it with the chat. The chat is the one that sends a one-time code, so that no one
 * else can claim the bot.
 */
export async function setUpTelegram(setUp: SetUp, signal: AbortSignal): Promise<SetUpResult> {
  const { token, home, setUpPath } = setUp;
  if (!/^\d+:[\w-]{20,}$/.test(token)) throw TELEGRAM_ERRORS.telegram_token_form();
  const api = newBotApi(setUp);
  const { username: bot } = await called(api.getMe(signal));
  const { url } = await called(api.getWebhookInfo(signal));
  if (url) throw TELEGRAM_ERRORS.telegram_refused(failureText({ kind: 'conflict', with: 'webhook' }));
  await setInEnvFile(home, { TELEGRAM_BOT_TOKEN: token });
  makeFolder(dirname(setUpPath), 0o700);
  await writeWhole(setUpPath, '', { mode: 0o600 });
  try {
    const message = await firstMessage(api, bot, setUp, signal);
    const { id: chat, type } = message.chat;
    const isGroup = type !== 'private';
    const user = isGroup ? message.from?.id : undefined;
    const users = user === undefined ? undefined : { TELEGRAM_USERS: String(user) };
    const path = await setInEnvFile(home, { TELEGRAM_CHAT_ID: String(chat), ...users });
    const text = 'samocode is set up and will write here when a session needs you. /help shows the commands.';
    await called(api.sendMessage({ chat_id: chat, text }, signal));
    return { bot, chat, isGroup, user, path };
  } finally {
    await rm(setUpPath, { force: true });
  }
}

async function firstMessage(
  api: BotApi,
  bot: string,
  { clock, show }: SetUp,
  signal: AbortSignal,
): Promise<Message> {
  const code = String(randomInt(10_000_000, 100_000_000));
  show(bot, code);
  const until = clock.monotonic() + PATIENCE_MS;
  for (let offset = 0; clock.monotonic() < until; ) {
    const updates = await called(
      api.getUpdates({ offset, timeout: POLL_SECONDS, allowed_updates: ['message'] }, signal),
      ['conflict', 'unreachable'],
    );
    if (updates === undefined) await clock.sleep(CONFLICT_MS, signal);
    for (const { update_id, message } of updates ?? []) {
      offset = update_id + 1;
      if (message?.text?.split(/\s+/).includes(code)) {
        // Confirm the update, so that the supervisor does not treat the code as a command.
        await called(api.getUpdates({ offset, timeout: 0 }, signal), ['conflict', 'unreachable']);
        return message;
      }
    }
  }
  throw TELEGRAM_ERRORS.telegram_no_chat({ bot });
}

async function called<T>(call: Promise<T>): Promise<T>;
async function called<T>(call: Promise<T>, passing: readonly string[]): Promise<T | undefined>;
async function called<T>(call: Promise<T>, passing: readonly string[] = []): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const failure = sendingFailure(error);
    if (passing.includes(failure.kind)) return undefined;
    throw TELEGRAM_ERRORS.telegram_refused(failureText(failure));
  }
}

export const TELEGRAM_ERRORS = errors({
  telegram_no_chat: ({ bot }: { bot: string }) => ({
    what: 'Telegram was not set up.',
    why: `No message with the code reached @${bot} within ten minutes.`,
    hint: 'Run the command again and send the bot the message that it shows.',
  }),
  telegram_refused: ({ why, hint }: FailureText) => ({ what: 'Telegram was not set up.', why, hint }),
  telegram_token_form: () => ({
    what: 'Telegram was not set up.',
    why: 'That is not a bot token: one looks like 123456789:AAE… and has no spaces.',
    hint: 'Send /newbot to @BotFather in Telegram, and copy the token from its reply.',
  }),
});
