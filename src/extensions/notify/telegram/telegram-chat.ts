import type { InlineKeyboardMarkup, Message } from 'grammy/types';
import { InputFile } from 'grammy/web';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { readPlainFile } from '../../../core/kernel/files/plain-file.ts';
import { cut } from '../../../core/kernel/text.ts';
import { MAX_DOCUMENT_BYTES } from '../../../core/session/layout/paths.ts';
import { type BotApi, sendingFailure } from './bot-api.ts';
import { bold, MAX_CAPTION, shortened, splitAtLineEnds, toHtml, toPlain } from './message-text.ts';
import type { Draft } from './render.ts';
import { type Button, newKey, type SentMessage, type SentMessages, type Where } from './sent-messages.ts';

/** Characters of its text that a settled message keeps. */
const KEPT_TEXT = 600;

/** Sends and edits messages of one chat, and stores what their buttons mean. */
export class TelegramChat {
  readonly sent: SentMessages;
  readonly #context: Pick<ActionContext, 'clock'>;

  constructor(sent: SentMessages, context: Pick<ActionContext, 'clock'>) {
    this.sent = sent;
    this.#context = context;
  }

  async post(
    api: BotApi,
    draft: Draft,
    to: { chat: number | string; where?: Where; notification?: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { chat, where, notification } = to;
    const { about, buttons = [], asksFor } = draft;
    const key = newKey();
    const reply_markup = asksFor === undefined ? keyboard(key, buttons) : forceReply(asksFor);
    const message = await sendDraft(
      api,
      draft,
      { chat_id: chat, ...(reply_markup && { reply_markup }) },
      signal,
    );
    if (about === undefined) return;
    const at = isoUtc(this.#context.clock.now());
    const text = cut(toPlain(draft.lines), KEPT_TEXT);
    const hasDocument = message.document !== undefined;
    const place = { chat: message.chat.id, message: message.message_id, notification, where };
    await this.sent.change((state) =>
      state.sent.push({ key, at, ...place, about, text, hasDocument, buttons }),
    );
  }

  /** Replaces the buttons of a message with one that shows progress. */
  async showPending(api: BotApi, sent: SentMessage, words: string, signal: AbortSignal): Promise<void> {
    const reply_markup = keyboard(sent.key, [[{ text: shortened(`… ${words}`, 60), choice: PENDING }]]);
    await unlessGone(api.editMessageReplyMarkup({ ...idOf(sent), reply_markup }, signal));
  }

  async restore(api: BotApi, sent: SentMessage, signal: AbortSignal): Promise<void> {
    const reply_markup = keyboard(sent.key, sent.buttons);
    await unlessGone(api.editMessageReplyMarkup({ ...idOf(sent), reply_markup }, signal));
  }

  async settle(api: BotApi, sent: SentMessage, how: string, signal: AbortSignal): Promise<void> {
    if (sent.settled !== undefined) return;
    const lines = [bold(`✔ ${how}`), ...['', ...sent.text.split('\n')].map((text) => ({ text }))];
    const [part = []] = splitAtLineEnds(lines, sent.hasDocument ? MAX_CAPTION : undefined);
    const html = { parse_mode: 'HTML' as const };
    await unlessGone(
      sent.hasDocument
        ? api.editMessageCaption({ ...idOf(sent), caption: toHtml(part), ...html }, signal)
        : api.editMessageText({ ...idOf(sent), text: toHtml(part), ...html }, signal),
    );
    // Recorded last, so that a failed edit is retried.
    await this.sent.change(() => {
      sent.settled = how;
    });
  }
}

/** The choice of a button that only shows progress. */
export const PENDING = '.';

function idOf({ chat, message }: SentMessage) {
  return { chat_id: chat, message_id: message };
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
