import { join } from 'node:path';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { Supervisor } from '../../../core/supervisor/supervisor.ts';
import { isRemoved } from '../notice/is-removed.ts';
import { isCallError, sendingFailure } from './bot-api.ts';
import type { SentMessage } from './sent-messages.ts';
import { howSettled } from './settled.ts';
import type { TelegramChat } from './telegram-chat.ts';

const RETRY_MS = 15_000;

/** Settles messages whose question, plan or session was settled elsewhere, whichever supervisor has sent them. */
export class MessageSettler {
  readonly #clock: Supervisor['clock'];
  readonly #report: Scan['report'];
  readonly #signal: AbortSignal;
  /** The state of its session by which a message was last judged. */
  readonly #judged = new WeakMap<SentMessage, SessionView>();
  /** Messages of an earlier chat, and others that the bot of these settings cannot change. */
  #fixed = new WeakSet<SentMessage>();
  #chat: TelegramChat | undefined;
  #busy: Promise<void> | undefined;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Supervisor['clock'], report: Scan['report'], signal: AbortSignal) {
    this.#clock = clock;
    this.#report = report;
    this.#signal = signal;
  }

  /** Starts in the background, if nothing is in progress. */
  start(chat: TelegramChat, sessions: Scan['sessions']): void {
    if (this.#busy !== undefined || this.#clock.monotonic() < this.#retryAtMs) return;
    this.#busy = this.#settleAll(chat, sessions)
      .catch((error: unknown) => {
        this.#retryAtMs = this.#clock.monotonic() + RETRY_MS;
        if (!this.#signal.aborted) this.#report('telegram', error);
      })
      .finally(() => {
        this.#busy = undefined;
      });
  }

  async rest(): Promise<void> {
    await this.#busy;
  }

  async #settleAll(chat: TelegramChat, sessions: Scan['sessions']): Promise<void> {
    const { isBrief } = chat.settings;
    if (chat !== this.#chat) this.#fixed = new WeakSet();
    this.#chat = chat;
    for (const sent of await chat.find(({ settled }) => settled === undefined)) {
      if (this.#fixed.has(sent)) continue;
      const how = await this.#settlementOf(sent, { sessions, isBrief });
      if (how !== undefined && !(await this.#settle(chat, sent, how))) return;
    }
  }

  /** @returns whether the next one can be tried at once */
  async #settle(chat: TelegramChat, sent: SentMessage, how: string): Promise<boolean> {
    try {
      await chat.settle(sent, how, this.#signal);
      return true;
    } catch (error) {
      if (!isCallError(error)) throw error;
      if (this.#signal.aborted) return false;
      const failure = sendingFailure(error);
      if (['slow_down', 'unreachable', 'bad_token'].includes(failure.kind)) {
        const afterMs = failure.kind === 'slow_down' ? failure.retryAfterMs : RETRY_MS;
        this.#retryAtMs = this.#clock.monotonic() + afterMs;
        return false;
      }
      this.#fixed.add(sent);
      return true;
    }
  }

  async #settlementOf(
    sent: SentMessage,
    scanned: { sessions: Scan['sessions']; isBrief: boolean },
  ): Promise<string | undefined> {
    const { where, notification: id } = sent;
    if (where === undefined || id === undefined) return undefined;
    const { sessions } = scanned;
    if (isRemoved({ ...where, id }, sessions)) return 'The session was removed.';
    const view = sessions.get(join(where.sessionsDir, where.session))?.view;
    if (view?.sessionFile === undefined || this.#judged.get(sent) === view) return undefined;
    const how = await howSettled(sent, view, scanned);
    if (how === undefined) this.#judged.set(sent, view);
    return how;
  }
}
