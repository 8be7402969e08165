import { dirname, join } from 'node:path';
import type { NewPart, SupervisorPart } from '../../core/supervisor/part.ts';
import type { Scan } from '../../core/supervisor/scan.ts';
import type { Supervisor } from '../../core/supervisor/supervisor.ts';
import { channelsOf } from './channels/channels-of.ts';
import { Outbox } from './outbox/outbox.ts';
import { listenToTelegram } from './telegram/listen.ts';
import { openSentMessages } from './telegram/sent-messages.ts';
import { MessageSettler } from './telegram/settle-messages.ts';
import { TelegramChannel } from './telegram/telegram-channel.ts';
import { telegramFiles } from './telegram/telegram-settings.ts';

/** Sends the notifications of all sessions and carries out the acts that the user sends by phone. */
class Notifier implements SupervisorPart {
  readonly #supervisor: Supervisor;
  readonly #scan: Scan;
  readonly #outbox: Outbox;
  readonly #ended = new AbortController();
  readonly #settler: MessageSettler;
  #listening: Promise<void> | undefined;

  constructor(supervisor: Supervisor, scan: Scan) {
    this.#supervisor = supervisor;
    this.#scan = scan;
    const { clock, paths } = supervisor;
    const sent = openSentMessages(clock, telegramFiles(paths).state);
    const context = { ...supervisor, sent, sentParts: new Map() };
    const report: Scan['report'] = (what, error) => scan.report(what, error);
    this.#outbox = new Outbox(supervisor, report, { channels: (settings) => channelsOf(settings, context) });
    this.#settler = new MessageSettler(clock, report, this.#ended.signal);
  }

  /** Starts sending all due notices. @returns the latest time to poll again, in monotonic milliseconds */
  async poll(): Promise<number> {
    const scan = this.#scan;
    const atMs = await this.#outbox.poll(scan).catch((error: unknown) => {
      scan.report('notifications', error);
      return Number.POSITIVE_INFINITY;
    });
    const telegram = this.#telegram();
    if (telegram === undefined) return atMs;
    this.#settler.start(telegram.chat, scan.sessions);
    this.#listening ??= this.#listen(telegram)
      .catch((error: unknown) => scan.report('telegram', error))
      .finally(() => {
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
    await Promise.all([this.#outbox.end(), this.#settler.rest(), this.#listening]);
  }

  #telegram(): TelegramChannel | undefined {
    const channel = this.#outbox.channel('telegram');
    return channel instanceof TelegramChannel ? channel : undefined;
  }

  async #listen(telegram: TelegramChannel): Promise<void> {
    const { clock, host, env, home, programs, paths, say } = this.#supervisor;
    const { worker } = programs;
    const rehearsal = join(dirname(worker), 'samocode-rehearsal.cjs');
    const context = { clock, host, env, home, cwd: home, programs: { worker, rehearsal } };
    // Settings that cannot be read permit nothing.
    const isCurrent = async () =>
      await this.#outbox.readSettings().then(
        () => this.#telegram() === telegram,
        () => false,
      );
    const { setUp: setUpPath } = telegramFiles(paths);
    const { chat } = telegram;
    await listenToTelegram({ chat, context, setUpPath, isCurrent, say }, this.#ended.signal);
  }
}

export const NOTIFY_PARTS: readonly NewPart[] = [(supervisor, scan) => new Notifier(supervisor, scan)];
