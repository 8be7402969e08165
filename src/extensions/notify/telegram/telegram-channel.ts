import type { Clock } from '../../../core/kernel/clock.ts';
import { NOTIFY_ERRORS, type NotifyChannel } from '../channels/channel.ts';
import type { Notification } from '../notice/notification.ts';
import { type BotFailure, failureText, sendingFailure } from './bot-api.ts';
import { draftsOf, messageParts } from './render.ts';
import { openSentMessages, type SentMessages } from './sent-messages.ts';
import { TelegramChat } from './telegram-chat.ts';
import type { TelegramSettings } from './telegram-settings.ts';

export interface TelegramContext {
  clock: Pick<Clock, 'now'>;
  /** Of `telegram.json`; without it, buttons work only in this process. */
  sent?: SentMessages;
  /** Of each notification that failed, the parts that were sent before: composed again, it may have others. */
  sentParts?: Map<string, Set<string>>;
}

export class TelegramChannel implements NotifyChannel {
  readonly name = 'telegram';
  readonly chat: TelegramChat;
  readonly #sentParts: Map<string, Set<string>>;

  constructor(settings: TelegramSettings, { clock, sent, sentParts = new Map() }: TelegramContext) {
    this.chat = new TelegramChat(settings, sent ?? openSentMessages(clock), clock);
    this.#sentParts = sentParts;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const { id, kind, at: changedAt, sessionsDir, session } = notification;
    const about = { where: { sessionsDir, session }, notification: id, kind, changedAt };
    const sent = this.#sentParts.get(id) ?? new Set();
    this.#sentParts.set(id, sent);
    try {
      for (const [part, draft] of messageParts(draftsOf(notification))) {
        if (sent.has(part)) continue;
        await this.chat.post(draft, about, signal);
        sent.add(part);
      }
      this.#sentParts.delete(id);
    } catch (error) {
      throw undelivered(sendingFailure(error));
    }
  }
}

function undelivered(failure: BotFailure) {
  const retry = failure.kind === 'slow_down' || failure.kind === 'unreachable' ? 'later' : 'never';
  const retryAfterMs = failure.kind === 'slow_down' ? failure.retryAfterMs : undefined;
  const { why } = failureText(failure);
  return NOTIFY_ERRORS.undelivered({ channel: 'telegram', why, retry, retryAfterMs });
}
