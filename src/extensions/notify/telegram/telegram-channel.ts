import type { ActionContext } from '../../../core/caller/context/context.ts';
import { NOTIFY_ERRORS, type NotifyChannel, type Settled } from '../notice/channel.ts';
import type { Notification } from '../notice/notification.ts';
import { type BotFailure, failureText, newBotApi, sendingFailure } from './bot-api.ts';
import { digestOf, draftsOf } from './render.ts';
import { SentMessages } from './sent-messages.ts';
import { TelegramChat } from './telegram-chat.ts';
import { telegramSettings } from './telegram-settings.ts';

/** Sends to the configured chat. Settings are read for each message, so that a set-up needs no restart. */
export class TelegramChannel implements NotifyChannel {
  readonly name = 'telegram';
  readonly chat: TelegramChat;
  readonly #place: Pick<ActionContext, 'clock' | 'env' | 'home'>;
  /** How many messages of a notification were sent before one failed; they are not sent again. */
  readonly #sentParts = new Map<string, number>();

  /** @param statePath `telegram.json`; without it, buttons work only in this process */
  constructor(place: Pick<ActionContext, 'clock' | 'env' | 'home'>, statePath?: string) {
    this.chat = new TelegramChat(new SentMessages(place.clock, statePath), place);
    this.#place = place;
  }

  async send(notifications: readonly Notification[], signal: AbortSignal): Promise<void> {
    const [first] = notifications;
    if (first === undefined) return;
    const { api, chat } = await this.#bot();
    // A digest covers several notifications: each one that asks for a decision is also sent separately.
    const isDigest = notifications.length > 1;
    const batches = isDigest
      ? [{ of: first, drafts: digestOf(notifications) }, ...notifications.filter(hasDecision).map(batchOf)]
      : [batchOf(first)];
    const id = notifications.map((each) => each.id).join(' ');
    let at = 0;
    try {
      for (const { of, drafts } of batches)
        for (const draft of drafts) {
          at += 1;
          if (at <= (this.#sentParts.get(id) ?? 0)) continue;
          const { sessionsDir, session } = of;
          await this.chat.post(
            api,
            draft,
            { chat, where: { sessionsDir, session }, notification: of.id },
            signal,
          );
          this.#sentParts.set(id, at);
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

function hasDecision({ questions, plan }: Notification): boolean {
  return (questions?.length ?? 0) > 0 || plan !== undefined;
}

function batchOf(notification: Notification) {
  return { of: notification, drafts: draftsOf(notification) };
}

/** Decides whether and when to retry. */
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
