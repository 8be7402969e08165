import type { CallbackQuery, Message, Update } from 'grammy/types';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { sendingFailure } from './bot-api.ts';
import { safeLines, shortened, splitAtLineEnds, WORD_JOINER } from './message-text.ts';
import { type Intent, intentOf } from './phone-acts.ts';
import { type PhoneContext, runPhoneCommand, statusDraft } from './phone-commands.ts';
import { sessionAbout, TOO_OLD } from './phone-session.ts';
import type { Draft } from './render.ts';
import type { SentMessage, Where } from './sent-messages.ts';
import type { MessageSubject, TelegramChat } from './telegram-chat.ts';
import { mayAct, type Sender } from './telegram-settings.ts';

/** Older messages are ignored, because the person may have changed their mind. */
const TOO_OLD_MS = 3_600_000;
const MAX_ALERT = 200;

export interface UpdateContext {
  context: PhoneContext;
  signal: AbortSignal;
  /** Nothing polled for updates for an hour, so they may be old. */
  wasAway: boolean;
}

/** Carries out what the person does in the chat. Text is only data: session names, answers, messages. */
export class Phone {
  readonly #chat: TelegramChat;
  /** Writes a line to the supervisor's log, once per text. */
  readonly #report: (text: string) => void;

  constructor(chat: TelegramChat, report: (text: string) => void) {
    this.#chat = chat;
    this.#report = report;
  }

  async handleUpdate({ message, callback_query: query }: Update, update: UpdateContext): Promise<void> {
    if (query?.message !== undefined) {
      const refusal = this.#refusalOf({ chat: query.message.chat, from: query.from });
      if (refusal === undefined) await this.#button(query, update);
      else if (refusal !== '') await this.#alert(query, refusal, update);
    } else if (message?.text !== undefined) {
      const refusal = this.#refusalOf(message);
      if (refusal === undefined) await this.#text(message, message.text.replaceAll(WORD_JOINER, ''), update);
      else if (refusal !== '' && message.text.startsWith('/')) await this.#reply(refusal, undefined, update);
    }
  }

  /** @returns why the sender may not act; empty if they get no reply; undefined if they may */
  #refusalOf(sender: Sender): string | undefined {
    const { id } = sender.chat;
    switch (mayAct(sender, this.#chat.settings)) {
      case 'yes':
        return undefined;
      case 'other_chat':
        this.#report(`telegram: chat ${id} is not TELEGRAM_CHAT_ID and is ignored`);
        return '';
      case 'other_user':
        this.#report(`telegram: user ${sender.from?.id} is not in TELEGRAM_USERS and may not act`);
        return 'You are not in TELEGRAM_USERS: nothing was done.';
      case 'no_users':
        this.#report('telegram: no member of the group may act, because TELEGRAM_USERS is not set');
        return 'In a group only the users in TELEGRAM_USERS may act, and it is not set: nothing was done.';
    }
  }

  async #button(query: CallbackQuery, update: UpdateContext): Promise<void> {
    const [key, ...rest] = (query.data ?? '').split(':');
    const choice = rest.join(':');
    const [sent] = await this.#chat.find((each) => each.key === key);
    const isKnown = sent?.buttons.flat().some((button) => button.choice === choice);
    const refusal = sent?.settled ?? (isKnown ? undefined : TOO_OLD);
    if (sent === undefined || refusal !== undefined) {
      await this.#alert(query, refusal ?? TOO_OLD, update);
      return;
    }
    const intent = await intentOf(sent, { choice }, update.context);
    const words = 'refusal' in intent ? intent.refusal : 'pending' in intent ? `… ${intent.pending}` : '';
    const isLate = await this.#alert(query, words, update);
    // Telegram does not say when a button was pressed, only that it was too long ago to answer.
    if (isLate && update.wasAway) return await this.#reply(`${TOO_OLD} Press again.`, sent.where, update);
    await this.#carryOut(intent, sent, update);
  }

  async #text(message: Message, text: string, update: UpdateContext): Promise<void> {
    const isOld = update.context.clock.now() - message.date * 1000 > TOO_OLD_MS;
    const to = message.reply_to_message;
    const [sent] =
      to === undefined
        ? []
        : await this.#chat.find((each) => each.chat === to.chat.id && each.message === to.message_id);
    if (sent === undefined) {
      if (!text.startsWith('/') && message.chat.type !== 'private') return;
      if (isOld) return await this.#reply(TOO_OLD, undefined, update);
      if (text.startsWith('/')) {
        const replies = await this.#attempt(() => runPhoneCommand(text, update.context), update);
        for (const { draft, where } of replies ?? []) await this.#post(draft, where, update);
        return;
      }
      const words = to === undefined ? 'To answer a question, reply to it. Commands: /help' : TOO_OLD;
      return await this.#reply(words, undefined, update);
    }
    if (isOld) return await this.#reply(TOO_OLD, sent.where, update);
    if (sent.settled !== undefined) return await this.#reply(sent.settled, sent.where, update);
    const intent = await intentOf(sent, { reply: text }, update.context);
    if ('refusal' in intent) await this.#reply(intent.refusal, sent.where, update);
    await this.#carryOut(intent, sent, update);
  }

  async #carryOut(intent: Intent, sent: SentMessage, update: UpdateContext): Promise<void> {
    const { signal } = update;
    if ('refusal' in intent) {
      if (intent.isOver) await this.#chat.settle(sent, intent.refusal, signal);
    } else if ('asks' in intent) {
      const about = { kind: 'changes' as const, hash: intent.hash };
      const lines = safeLines('What should change in the plan? Reply to this message.');
      await this.#chat.post({ lines, about, asksFor: 'What should change' }, subjectOf(sent), signal);
    } else if ('shows' in intent) {
      const found = await sessionAbout(sent, update.context);
      if ('view' in found)
        await this.#post(await statusDraft(found.view, update.context), sent.where, update);
    } else {
      const outcome = await this.#attempt(intent.act, update);
      if (outcome === undefined) return;
      const { words, settles } = outcome;
      await this.#settleAll(sent, settles, words, update);
      if (settles.length === 0) await this.#reply(words, sent.where, update);
    }
  }

  /** Settles all messages about the decision: one may be sent twice, and a button can answer several. */
  async #settleAll(
    sent: SentMessage,
    settles: readonly string[],
    how: string,
    { signal }: UpdateContext,
  ): Promise<void> {
    const isSettled = ({ about }: SentMessage) => {
      if (about.kind === 'question') return settles.includes(about.id);
      if (about.kind === 'suggestions') return about.answers.every(({ id }) => settles.includes(id));
      return (about.kind === 'plan' || about.kind === 'changes') && settles.includes(about.hash);
    };
    const same = await this.#chat.find(
      (each) => each.notification === sent.notification && isSettled(each) && each.settled === undefined,
    );
    for (const each of same) await this.#chat.settle(each, how, signal);
  }

  /** Runs `act`; if it fails, sends our own text about the failure to the chat and returns undefined. */
  async #attempt<T>(act: () => Promise<T>, update: UpdateContext): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (update.signal.aborted) throw error;
      if (isSamocodeError(error)) {
        await this.#reply(`${error.what} ${error.why} ${error.hint}`.trim(), undefined, update);
      } else {
        this.#report(`telegram: ${error instanceof Error ? error.message : String(error)}`);
        await this.#reply('Internal error: see supervisor.stderr on the machine.', undefined, update);
      }
      return undefined;
    }
  }

  async #reply(words: string, where: Where | undefined, update: UpdateContext): Promise<void> {
    const name = where === undefined || words.includes(where.session) ? '' : `${where.session}: `;
    const [lines = []] = splitAtLineEnds(safeLines(`${name}${words}`));
    await this.#post({ lines }, where, update);
  }

  async #post(draft: Draft, where: Where | undefined, { signal }: UpdateContext): Promise<void> {
    await this.#chat.post(draft, { where }, signal);
  }

  /** @returns true if the button was pressed too long ago to be answered */
  async #alert({ id }: CallbackQuery, words: string, { signal }: UpdateContext): Promise<boolean> {
    const text = shortened(words, MAX_ALERT);
    try {
      await this.#chat.api.answerCallbackQuery({ callback_query_id: id, text: text || undefined }, signal);
      return false;
    } catch (error) {
      if (sendingFailure(error).kind === 'late_query') return true;
      throw error;
    }
  }
}

function subjectOf({ where, notification, kind, changedAt }: SentMessage): MessageSubject {
  return { where, notification, kind, changedAt };
}
