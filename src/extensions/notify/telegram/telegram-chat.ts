import type { InlineKeyboardMarkup, Message } from 'grammy/types';
import { InputFile } from 'grammy/web';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { readPlainFile } from '../../../core/kernel/files/plain-file.ts';
import { cut } from '../../../core/kernel/text.ts';
import { MAX_DOCUMENT_BYTES } from '../../../core/session/layout/paths.ts';
import { type BotApi, newBotApi, sendingFailure } from './bot-api.ts';
import { bold, MAX_CAPTION, splitAtLineEnds, toHtml, toPlain } from './message-text.ts';
import type { Draft } from './render.ts';
import { type Button, keepSent, newKey, type SentMessage, type SentMessages } from './sent-messages.ts';
import type { TelegramSettings } from './telegram-settings.ts';

/** Characters of its text that a settled message keeps. */
const KEPT_TEXT = 600;

/** What a message is about, besides its buttons. */
export type MessageSubject = Pick<SentMessage, 'where' | 'notification' | 'kind' | 'changedAt'>;

/** Sends and edits messages of one chat, and stores what their buttons mean. */
export class TelegramChat {
  readonly settings: TelegramSettings;
  readonly api: BotApi;
  readonly sent: SentMessages;
  readonly #clock: Pick<Clock, 'now'>;
  /** A button and a scan can both find that a message is settled. */
  readonly #settling = new WeakSet<SentMessage>();

  constructor(settings: TelegramSettings, sent: SentMessages, clock: Pick<Clock, 'now'>) {
    this.settings = settings;
    this.api = newBotApi(settings);
    this.sent = sent;
    this.#clock = clock;
  }

  async find(wanted: (sent: SentMessage) => boolean): Promise<SentMessage[]> {
    return (await this.sent.read()).sent.filter(wanted);
  }

  async post(draft: Draft, place: MessageSubject, signal: AbortSignal): Promise<void> {
    const { about, buttons = [], asksFor } = draft;
    const key = newKey();
    const reply_markup = asksFor === undefined ? keyboard(key, buttons) : forceReply(asksFor);
    const to = { chat_id: this.settings.chat, ...(reply_markup && { reply_markup }) };
    const { chat, message_id: message, document } = await sendDraft(this.api, draft, to, signal);
    if (about === undefined) return;
    const text = cut(toPlain(draft.lines), KEPT_TEXT);
    const hasDocument = document !== undefined;
    const at = isoUtc(this.#clock.now());
    await keepSent(this.sent, {
      key,
      at,
      chat: chat.id,
      message,
      ...place,
      about,
      text,
      hasDocument,
      buttons,
    });
  }

  /** Replaces the buttons of a message by how its question, plan or session was settled. */
  async settle(sent: SentMessage, how: string, signal: AbortSignal): Promise<void> {
    if (sent.settled !== undefined || this.#settling.has(sent)) return;
    this.#settling.add(sent);
    try {
      await unlessGone(this.#editText(sent, how, signal));
      // Recorded last, so that a failed edit is retried.
      await this.sent.change(() => {
        sent.settled = how;
      });
    } finally {
      this.#settling.delete(sent);
    }
  }

  async #editText(sent: SentMessage, how: string, signal: AbortSignal): Promise<unknown> {
    const lines = [bold(`✔ ${how}`), ...['', ...sent.text.split('\n')].map((text) => ({ text }))];
    const [part = []] = splitAtLineEnds(lines, sent.hasDocument ? MAX_CAPTION : undefined);
    const message = { chat_id: sent.chat, message_id: sent.message, parse_mode: 'HTML' as const };
    const html = toHtml(part);
    return sent.hasDocument
      ? await this.api.editMessageCaption({ ...message, caption: html }, signal)
      : await this.api.editMessageText({ ...message, text: html }, signal);
  }
}

function keyboard(key: string, rows: readonly (readonly Button[])[]): InlineKeyboardMarkup | undefined {
  if (rows.length === 0) return undefined;
  const inline_keyboard = rows.map((row) =>
    row.map(({ text, choice }) => ({ text, callback_data: `${key}:${choice}` })),
  );
  return { inline_keyboard };
}

function forceReply(placeholder: string) {
  return { force_reply: true as const, selective: true, input_field_placeholder: placeholder };
}

async function sendDraft(
  api: BotApi,
  { lines, document }: Draft,
  to: Parameters<BotApi['sendMessage']>[0] extends infer P ? Omit<P, 'text'> : never,
  signal: AbortSignal,
): Promise<Message> {
  const file = document && (await readPlainFile(document.path, MAX_DOCUMENT_BYTES));
  const send = async (words: { text: string; parse_mode?: 'HTML' }): Promise<Message> => {
    const { text, ...markup } = words;
    if (document === undefined || file?.kind !== 'bytes')
      return await api.sendMessage({ ...to, ...words, link_preview_options: { is_disabled: true } }, signal);
    const input = new InputFile(file.bytes, document.name);
    return await api.sendDocument({ ...to, ...markup, caption: text, document: input }, signal);
  };
  try {
    return await send({ text: toHtml(lines), parse_mode: 'HTML' });
  } catch (error) {
    if (sendingFailure(error).kind !== 'bad_markup') throw error;
    return await send({ text: toPlain(lines) });
  }
}

/** Ignores a message that was deleted or needs no change. */
async function unlessGone(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!['not_modified', 'no_message'].includes(sendingFailure(error).kind)) throw error;
  }
}
