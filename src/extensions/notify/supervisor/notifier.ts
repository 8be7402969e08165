import { dirname, join } from 'node:path';
import type { NewPart, SupervisorPart } from '../../../core/supervisor/part.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { Supervisor } from '../../../core/supervisor/supervisor.ts';
import { channelsOf } from '../outbox/channels-of.ts';
import { Outbox } from '../outbox/outbox.ts';
import { listenToTelegram } from '../telegram/listen.ts';
import { TelegramChannel } from '../telegram/telegram-channel.ts';
import { telegramFiles } from '../telegram/telegram-settings.ts';
import { NoticeQueue } from './notice-queue.ts';

/** Sends the notifications of all sessions and carries out the acts that the user sends by phone. */
class Notifier implements SupervisorPart {
  readonly #supervisor: Supervisor;
  readonly #scan: Scan;
  readonly #queue: NoticeQueue;
  readonly #telegram: TelegramChannel;
  readonly #outbox: Outbox;
  readonly #ended = new AbortController();
  #listening: Promise<void> | undefined;

  constructor(supervisor: Supervisor, scan: Scan) {
    this.#supervisor = supervisor;
    this.#scan = scan;
    this.#queue = new NoticeQueue(supervisor);
    const telegram = new TelegramChannel(supervisor, telegramFiles(supervisor.paths).state);
    this.#telegram = telegram;
    this.#outbox = new Outbox({
      ...supervisor,
      queue: this.#queue,
      report: (what, error) => scan.report(what, error),
      channels: (settings, context) => channelsOf(settings, { ...context, telegram }),
    });
  }

  /** Starts sending all due notices. @returns the latest time to poll again, in monotonic milliseconds */
  async poll(): Promise<number> {
    const scan = this.#scan;
    await this.#queue.take(scan).catch((error: unknown) => scan.report('queue.jsonl', error));
    const atMs = await this.#outbox.poll(scan.sessions).catch((error: unknown) => {
      scan.report('notifications', error);
      return Number.POSITIVE_INFINITY;
    });
    if (this.#outbox.sendsBy('telegram'))
      this.#listening ??= this.#listen().finally(() => {
        this.#listening = undefined;
      });
    return atMs;
  }

  /** True while a notification of the last day is undelivered. */
  keepsAlive(): boolean {
    return this.#outbox.hasUndelivered();
  }

  /** Aborts all sends and polls in progress and waits for their end. */
  async end(): Promise<void> {
    this.#ended.abort();
    await Promise.all([this.#outbox.end(), this.#listening]);
  }

  async #listen(): Promise<void> {
    const { clock, host, env, home, programs, paths, say } = this.#supervisor;
    const { worker } = programs;
    const context = {
      clock,
      host,
      env,
      home,
      cwd: home,
      programs: { worker, rehearsal: join(dirname(worker), 'samocode-rehearsal.cjs') },
    };
    const { setUp: setUpPath } = telegramFiles(paths);
    const { chat } = this.#telegram;
    await listenToTelegram({ chat, context, setUpPath, say }, this.#ended.signal);
  }
}

export const NOTIFY_PARTS: readonly NewPart[] = [(supervisor, scan) => new Notifier(supervisor, scan)];
