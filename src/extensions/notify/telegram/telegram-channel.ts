import type { ActionContext } from '../../../core/caller/context/context.ts';
import { NOTIFY_ERRORS, type NotifyChannel, type Settled } from '../notice/channel.ts';
import type { Notification } from '../notice/notification.ts';
import { type BotFailure, failureText, newBotApi, sendingFailure } from './bot-api.ts';
import { draftsOf, messageParts } from './render.ts';
import { SentMessages } from './sent-messages.ts';
import { TelegramChat } from './telegram-chat.ts';
import { telegramSettings } from './telegram-settings.ts';

/** Sends to the configured chat. Settings are read for each message, so that a set-up needs no restart. */
export class TelegramChannel implements NotifyChannel {
  readonly name = 'telegram';
  readonly chat: TelegramChat;
  readonly #place: Pick<ActionContext, 'clock' | 'env' | 'home'>;
  /** The parts of a notification that were sent before one failed: composed again, it may have others. */
  readonly #sentParts = new Map<string, Set<string>>();

  /** @param statePath `telegram.json`; without it, buttons work only in this process */
  constructor(place: Pick<ActionContext, 'clock' | 'env' | 'home'>, statePath?: string) {
    this.chat = new TelegramChat(new SentMessages(place.clock, statePath), place);
    this.#place = place;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const { id, sessionsDir, session } = notification;
    const { api, chat } = await this.#bot();
    const to = { chat, where: { sessionsDir, session }, notification: id };
    const sent = this.#sentParts.get(id) ?? new Set();
    this.#sentParts.set(id, sent);
    try {
      for (const [part, draft] of messageParts(draftsOf(notification))) {
        if (sent.has(part)) continue;
        await this.chat.post(api, draft, to, signal);
        sent.add(part);
      }
      this.#sentParts.delete(id);
    } catch (error) {
      throw undelivered(sendingFailure(error));
    }
  }

  async settle({ id, how }: Settled, signal: AbortSignal): Promise<void> {
    const open = await this.chat.sent.find(
      ({ notification, settled }) => notification === id && settled === undefined,
    );
    if (open.length === 0) return;
    const { api } = await this.#bot();
    try {
      for (const sent of open) await this.chat.settle(api, sent, how, signal);
    } catch (error) {
      throw undelivered(sendingFailure(error));
    }
  }

  async #bot() {
    const { env, home } = this.#place;
    const settings = await telegramSettings(env, home);
    if (settings === undefined) {
      const why = 'TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID are not both set.';
      throw NOTIFY_ERRORS.undelivered({ channel: 'telegram', why, retry: 'never' });
    }
    return { api: newBotApi(settings), chat: settings.chat };
  }
}

function undelivered(failure: BotFailure) {
  const retry = failure.kind === 'slow_down' || failure.kind === 'unreachable' ? 'later' : 'never';
  const retryAfterMs = failure.kind === 'slow_down' ? failure.retryAfterMs : undefined;
  return NOTIFY_ERRORS.undelivered({
    channel: 'telegram',
    why: failureText(failure).why,
    retry,
    retryAfterMs,
  });
}
