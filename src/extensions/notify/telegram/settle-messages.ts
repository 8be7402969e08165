import { join } from 'node:path';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { Supervisor } from '../../../core/supervisor/supervisor.ts';
import { isDeleted } from '../notice/compose.ts';
import { sendingFailure } from './bot-api.ts';
import type { SentMessage } from './sent-messages.ts';
import { howSettled } from './settled.ts';
import type { TelegramChat } from './telegram-chat.ts';

const RETRY_MS = 15_000;

/** Settles messages whose question, plan or session was settled elsewhere, whichever supervisor has sent them. */
export class MessageSettler {
  readonly #clock: Supervisor['clock'];
  readonly #signal: AbortSignal;
  /** The state of its session by which a message was last judged. */
  readonly #judged = new WeakMap<SentMessage, SessionView>();
  #busy: Promise<void> | undefined;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Supervisor['clock'], signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Starts in the background, if nothing is in progress. */
  start(chat: TelegramChat, sessions: Scan['sessions']): void {
    if (this.#busy !== undefined || this.#clock.monotonic() < this.#retryAtMs) return;
    this.#busy = this.#settleAll(chat, sessions)
      .catch((error: unknown) => {
        if (this.#signal.aborted) return;
        const failure = sendingFailure(error);
        const afterMs = failure.kind === 'slow_down' ? failure.retryAfterMs : RETRY_MS;
        this.#retryAtMs = this.#clock.monotonic() + afterMs;
      })
      .finally(() => {
        this.#busy = undefined;
      });
  }

  async rest(): Promise<void> {
    await this.#busy;
  }

  async #settleAll(chat: TelegramChat, sessions: Scan['sessions']): Promise<void> {
    for (const sent of await chat.find(
      ({ where, settled }) => where !== undefined && settled === undefined,
    )) {
      const how = await this.#settlementOf(sent, sessions, chat.settings);
      if (how !== undefined) await chat.settle(sent, how, this.#signal);
    }
  }

  async #settlementOf(
    sent: SentMessage,
    sessions: Scan['sessions'],
    { isBrief }: TelegramChat['settings'],
  ): Promise<string | undefined> {
    const { where, notification } = sent;
    if (where === undefined || notification === undefined) return undefined;
    const view = sessions.get(join(where.sessionsDir, where.session))?.view;
    if (view?.sessionFile === undefined) return isDeleted(where) ? 'The session was removed.' : undefined;
    if (!notification.startsWith(`${view.sessionFile.id}:`)) return 'The session was removed.';
    if (this.#judged.get(sent) === view) return undefined;
    const how = await howSettled(sent, view, { isBrief });
    if (how === undefined) this.#judged.set(sent, view);
    return how;
  }
}
